import { Page } from "@/parts/Page";

export default function ResultPage() {
  return <Page title="Result">{null}</Page>;
}
