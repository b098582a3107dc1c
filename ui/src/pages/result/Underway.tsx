import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Job } from "@/api/client";
import { cancelJob, jobQuery } from "@/api/jobs";
import { sentenceOf } from "@/api/problem";
import { Button } from "@/parts/Button";
import { Card } from "@/parts/Card";
import { Meter } from "@/parts/Meter";
import { Notice } from "@/parts/Notice";
import { Page } from "@/parts/Page";
import { StatusBadge } from "@/parts/StatusBadge";
import { Thumbnail } from "@/parts/Thumbnail";
import { count, duration, number } from "@/words/amounts";
import styles from "./Result.module.css";

/** A job that waits or runs. */
export function Underway({ job }: { job: Job }) {
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => cancelJob(job.id),
    onSettled: () => queries.invalidateQueries({ queryKey: jobQuery(job.id).queryKey }),
  });
  const isStopping = job.cancel_requested || cancel.isPending;
  return (
    <Page title={job.photo.name} lead={job.model}>
      <Card>
        <div className={styles["underway"]}>
          <Thumbnail path={job.links["thumbnail"]} />
          <div className={styles["progress"]}>
            <StatusBadge status={job.status} />
            <p className={styles["now"]} aria-live="polite">
              {isStopping ? "Stopping after this batch of tiles …" : nowIn(job)}
            </p>
            <Meter label="Tiles done" share={job.total > 0 ? job.done / job.total : null} text={tilesIn(job)} />
            <p className={styles["pace"]}>{paceIn(job)}</p>
            <p>
              <Button look="danger" disabled={isStopping} onClick={() => cancel.mutate()}>
                Cancel
              </Button>
            </p>
            {cancel.error === null ? null : <Notice kind="bad">{sentenceOf(cancel.error)}</Notice>}
          </div>
        </div>
      </Card>
    </Page>
  );
}

function nowIn({ status, queue_position: ahead }: Job): string {
  if (status === "started") return "The model looks at the photo";
  if (ahead === null || ahead === 0) return "It is next";
  return ahead === 1 ? "One job has its turn before it" : `${number(ahead)} jobs have their turn before it`;
}

function tilesIn({ done, total }: Job): string {
  return total > 0 ? `${number(done)} of ${count(total, "tile")}` : "Tiles are not counted yet";
}

function paceIn(job: Job): string {
  if (job.status === "queued") return "The page goes on by itself; it can be closed and opened again.";
  const pace = job.tiles_per_s === null ? [] : [`${number(Math.round(job.tiles_per_s))} a second`];
  const left = job.eta_s === null ? [] : [`about ${duration(job.eta_s)} left`];
  return [tilesIn(job), ...pace, ...left].join(" · ");
}
