/** The app's pages. The server answers these addresses with the app; see src/facies/web/pages.py. */
import { lazy } from "react";
import type { RouteObject } from "react-router";
import { PageError } from "@/shell/PageError";
import { Shell } from "@/shell/Shell";

const AnalysePage = lazy(() => import("@/pages/analyse"));
const JobsPage = lazy(() => import("@/pages/jobs"));
const BatchPage = lazy(() => import("@/pages/batch"));
const ResultPage = lazy(() => import("@/pages/result"));
const ModelsPage = lazy(() => import("@/pages/models"));
const DocsPage = lazy(() => import("@/pages/docs"));
const MissingPage = lazy(() => import("@/pages/missing"));

export const routes: RouteObject[] = [
  {
    element: <Shell />,
    children: [
      {
        errorElement: <PageError />,
        children: [
          { path: "/", element: <AnalysePage /> },
          { path: "/jobs", element: <JobsPage /> },
          { path: "/jobs/:id", element: <ResultPage /> },
          { path: "/batches/:id", element: <BatchPage /> },
          { path: "/models/:reference?", element: <ModelsPage /> },
          { path: "/docs/:topic?", element: <DocsPage /> },
          { path: "*", element: <MissingPage /> },
        ],
      },
    ],
  },
];
