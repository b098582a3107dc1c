import { ApiError, sentenceOf } from "@/api/problem";
import { Button, ButtonLink } from "@/parts/Button";
import { Empty } from "@/parts/Empty";
import { Page } from "@/parts/Page";

/** The job is unknown, belongs to somebody else, or its time ran out. */
export function NoJob({ error }: { error: Error }) {
  const status = error instanceof ApiError ? error.status : 0;
  const isGone = status === 410;
  const isUnknown = status === 404 || status === 422;
  const title = isGone ? "This result is gone" : isUnknown ? "There is no such job" : "The job cannot be shown";
  return (
    <Page title={title}>
      <Empty
        title={sentenceOf(error)}
        action={
          <p>
            {isGone || isUnknown ? (
              <ButtonLink look="main" to="/">
                Analyse a photo
              </ButtonLink>
            ) : (
              <Button look="main" onClick={() => location.reload()}>
                Try again
              </Button>
            )}{" "}
            <ButtonLink to="/jobs">All jobs</ButtonLink>
          </p>
        }
      >
        {isGone || isUnknown ? "A result is kept for a time, and shown with the key it was sent with." : null}
      </Empty>
    </Page>
  );
}
