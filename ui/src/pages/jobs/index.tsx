import { Page } from "@/parts/Page";

export default function JobsPage() {
  return <Page title="Jobs">{null}</Page>;
}
