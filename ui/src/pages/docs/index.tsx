import { Page } from "@/parts/Page";

export default function DocsPage() {
  return <Page title="API">{null}</Page>;
}
