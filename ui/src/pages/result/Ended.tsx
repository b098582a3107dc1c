import type { Job } from "@/api/client";
import { ButtonLink } from "@/parts/Button";
import { Notice } from "@/parts/Notice";
import { Page } from "@/parts/Page";
import { StatusBadge } from "@/parts/StatusBadge";
import { Facts } from "./panel/Facts";
import { Section } from "./panel/Section";

/** A job that failed or was cancelled: why, and how to try again. */
export function Ended({ job }: { job: Job }) {
  const hasFailed = job.status === "failed";
  return (
    <Page title={job.photo.name} lead={job.model}>
      <Notice
        kind={hasFailed ? "bad" : "info"}
        title={hasFailed ? "The photo could not be analysed" : "The analysis was cancelled"}
        action={
          <ButtonLink look="main" to="/">
            Send a photo again
          </ButtonLink>
        }
      >
        {job.error?.message ?? "Nothing is kept of the photo; send it again to have a result."}
      </Notice>
      <Section title="About this job">
        <p>
          <StatusBadge status={job.status} />
        </p>
        <Facts job={job} />
      </Section>
    </Page>
  );
}
