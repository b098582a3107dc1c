import { isRouteErrorResponse, useRouteError } from "react-router";
import { sentenceOf } from "@/api/problem";
import { Button, ButtonLink } from "@/parts/Button";
import { Empty } from "@/parts/Empty";
import { Page } from "@/parts/Page";

/** In place of a page that broke. */
export function PageError() {
  const error = useRouteError();
  const sentence = isRouteErrorResponse(error) ? error.statusText : sentenceOf(error);
  return (
    <Page title="This page broke">
      <Empty
        title={sentence}
        action={
          <p>
            <Button look="main" onClick={() => location.reload()}>
              Load it anew
            </Button>{" "}
            <ButtonLink to="/">Back to the start</ButtonLink>
          </p>
        }
      />
    </Page>
  );
}
