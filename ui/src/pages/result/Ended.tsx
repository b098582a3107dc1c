import { useNavigate } from "react-router";
import type { Job } from "@/api/client";
import { Button, ButtonLink } from "@/parts/Button";
import { Notice } from "@/parts/Notice";
import { Page } from "@/parts/Page";
import { StatusBadge } from "@/parts/StatusBadge";
import { desk } from "@/tray/desk";
import { useTray } from "@/tray/useTray";
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
        action={<Again job={job} />}
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

/** What this tab sent is tried again without being sent again; the server has it for a day. */
function Again({ job }: { job: Job }) {
  const navigate = useNavigate();
  const sent = useTray().entries.find((entry) => entry.job === job.id && desk.canTryAgain(entry));
  if (sent === undefined)
    return (
      <ButtonLink look="main" to="/">
        Send a photo again
      </ButtonLink>
    );
  return (
    <Button look="main" onClick={() => void desk.again(sent.id).then(() => navigate("/"))}>
      Try again
    </Button>
  );
}
