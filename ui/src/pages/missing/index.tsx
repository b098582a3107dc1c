import { ButtonLink } from "@/parts/Button";
import { Empty } from "@/parts/Empty";
import { Page } from "@/parts/Page";

export default function MissingPage() {
  return (
    <Page title="There is nothing at this address">
      <Empty title="Perhaps it was typed wrong" action={<ButtonLink to="/">Back to the start</ButtonLink>} />
    </Page>
  );
}
