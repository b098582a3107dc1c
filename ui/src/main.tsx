import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserRouter, RouterProvider } from "react-router";
import { ApiError } from "@/api/problem";
import { routes } from "./routes";
import "@/theme/base.css";

const mayHelpToAskAgain = (failures: number, error: Error) =>
  failures < 2 && !(error instanceof ApiError && error.status > 0 && error.status < 500);

const queries = new QueryClient({ defaultOptions: { queries: { retry: mayHelpToAskAgain, staleTime: 5_000 } } });
const place = document.getElementById("root");
if (place === null) throw new Error("index.html has no #root");

createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={createBrowserRouter(routes)} />
    </QueryClientProvider>
  </StrictMode>,
);
