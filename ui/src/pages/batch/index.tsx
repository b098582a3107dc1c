import { Page } from "@/parts/Page";

export default function BatchPage() {
  return <Page title="Batch">{null}</Page>;
}
