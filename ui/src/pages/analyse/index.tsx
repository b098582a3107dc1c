import { Page } from "@/parts/Page";

export default function AnalysePage() {
  return <Page title="Analyse">{null}</Page>;
}
