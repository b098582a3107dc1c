import { Link } from "react-router";
import { isOver, type Job } from "@/api/client";
import { Button } from "@/parts/Button";
import { Meter } from "@/parts/Meter";
import { StatusBadge } from "@/parts/StatusBadge";
import { Thumbnail } from "@/parts/Thumbnail";
import { count, moment, number, sinceOrUntil } from "@/words/amounts";
import styles from "./JobRow.module.css";

interface Props {
  job: Job;
  isPicked: boolean;
  onPick: (isPicked: boolean) => void;
  onDelete: () => void;
}

export function JobRow({ job, isPicked, onPick, onDelete }: Props) {
  const { name } = job.photo;
  return (
    <li className={styles["row"]}>
      <input
        type="checkbox"
        className={styles["check"]}
        aria-label={`Choose ${name}`}
        checked={isPicked}
        onChange={(event) => onPick(event.target.checked)}
      />
      <div className={styles["picture"]}>
        <Thumbnail path={job.status === "failed" ? undefined : job.links["thumbnail"]} />
      </div>
      <div className={styles["words"]}>
        <Link to={`/jobs/${job.id}`} className={styles["name"]} title={name}>
          {name}
        </Link>
        <p className={styles["state"]}>
          <StatusBadge status={job.status} />
          <Tiles job={job} />
          <span className={styles["pixels"]}>
            {number(job.photo.width)} × {number(job.photo.height)}
          </span>
          {job.domain?.out_of_domain ? <span className={styles["warning"]}>unlike the training photos</span> : null}
          {job.batch === null ? null : (
            <Link to={`/batches/${job.batch}`} className={styles["batch"]}>
              Batch
            </Link>
          )}
        </p>
        {job.status === "started" && job.total > 0 ? (
          <Meter
            label={`Progress of ${name}`}
            share={job.done / job.total}
            text={`${job.done} of ${job.total} tiles`}
          />
        ) : null}
        {job.error === null ? null : <p className={styles["error"]}>{job.error.message}</p>}
      </div>
      <p className={styles["facts"]}>
        <code>{job.model}</code>
        <time dateTime={job.created_at} title={moment(job.created_at)}>
          {sinceOrUntil(job.created_at)}
        </time>
      </p>
      <Button look="quiet" small className={styles["delete"]} onClick={onDelete}>
        <svg viewBox="0 0 20 20" aria-hidden="true">
          <path d="M3 5.5h14M8 5V3h4v2M5 5.5l.8 11.5h8.4L15 5.5M8.5 9v5M11.5 9v5" />
        </svg>
        <span className={styles["word"]}>{isOver(job.status) ? "Delete" : "Stop and delete"}</span>
        <span className="visually-hidden"> {name}</span>
      </Button>
    </li>
  );
}

function Tiles({ job }: { job: Job }) {
  if (job.status === "started" && job.total > 0)
    return (
      <span>
        {number(job.done)} of {count(job.total, "tile")}
      </span>
    );
  if (job.status === "queued")
    return <span>{job.queue_position ? `${count(job.queue_position, "job")} before it` : "next"}</span>;
  return job.status === "finished" ? <span>{count(job.total, "tile")}</span> : null;
}
