import { lazy } from "react";
import { useParams } from "react-router";
import { ApiPage } from "./ApiPage";
import { coral } from "./contents/coral";
import { rock } from "./contents/rock";
import { ContractPage } from "./ContractPage";
import { Overview } from "./Overview";

const MissingPage = lazy(() => import("@/pages/missing"));

/** The documentation: an overview, and a page an API. */
export default function DocsPage() {
  switch (useParams()["topic"]) {
    case undefined:
      return <Overview />;
    case "coral":
      return <ContractPage key="coral" contract={coral} />;
    case "rock":
      return <ContractPage key="rock" contract={rock} />;
    case "api":
      return <ApiPage />;
    default:
      return <MissingPage />;
  }
}
