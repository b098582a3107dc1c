import { useQuery } from "@tanstack/react-query";
import { useParams } from "react-router";
import type { Job } from "@/api/client";
import { isOver } from "@/api/client";
import { modelQuery } from "@/api/jobs";
import { sentenceOf } from "@/api/problem";
import { ButtonLink } from "@/parts/Button";
import { Meter } from "@/parts/Meter";
import { Notice } from "@/parts/Notice";
import { Page } from "@/parts/Page";
import { SaveButton } from "@/parts/SaveButton";
import { count, moment } from "@/words/amounts";
import { BatchTable } from "./BatchTable";
import { tilesOf, useBatch } from "./useBatch";
import styles from "./Batch.module.css";

export default function BatchPage() {
  const { id = "" } = useParams();
  const { jobs, table, ended } = useBatch(id);
  const first = jobs.data?.at(-1);
  const { data: model } = useQuery({ ...modelQuery(first?.model ?? ""), enabled: first !== undefined });
  const error = jobs.error ?? table.error;
  const photos = jobs.data?.length ?? 0;
  return (
    <Page
      title={photos > 0 ? `Batch of ${count(photos, "photo")}` : "Batch"}
      lead={first ? `${first.model}, sent ${moment(first.created_at)}` : undefined}
      actions={
        <>
          <ButtonLink to="/jobs">All jobs</ButtonLink>
          <SaveButton
            path={`/api/v1/batches/${encodeURIComponent(id)}/summary.csv`}
            name={`batch-${id.slice(0, 8)}.csv`}
            look="main"
          >
            Download CSV
          </SaveButton>
        </>
      }
    >
      {error ? <Notice kind="bad">{sentenceOf(error)}</Notice> : null}
      {jobs.data === undefined || photos === 0 ? null : <Progress jobs={jobs.data} ended={ended} />}
      {table.data === undefined || photos === 0 ? null : (
        <BatchTable table={table.data} jobs={jobs.data ?? []} classes={model?.classes ?? []} />
      )}
    </Page>
  );
}

function Progress({ jobs, ended }: { jobs: readonly Job[]; ended: number }) {
  const failed = jobs.filter(({ status }) => status === "failed").length;
  const said = `${ended} of ${count(jobs.length, "photo")} ended${failed > 0 ? `, ${failed} of them failed` : ""}`;
  return (
    <div className={styles["progress"]}>
      <p role="status">
        {jobs.every(({ status }) => isOver(status)) && failed === 0 ? "All photos are finished." : `${said}.`}
      </p>
      {ended < jobs.length ? <Meter label="Progress of the batch" share={tilesOf(jobs)} text={said} /> : null}
    </div>
  );
}
