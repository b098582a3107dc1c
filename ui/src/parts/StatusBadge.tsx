import type { JobStatus } from "@/api/client";
import styles from "./StatusBadge.module.css";

const MARKS: Record<JobStatus, string> = { queued: "…", started: "▸", finished: "✓", failed: "!", cancelled: "×" };
export const STATUS_WORDS: Record<JobStatus, string> = {
  queued: "Waiting",
  started: "Running",
  finished: "Finished",
  failed: "Failed",
  cancelled: "Cancelled",
};

/** A status in a word, with a mark for whoever does not tell its colour apart. */
export function StatusBadge({ status }: { status: JobStatus }) {
  return (
    <span className={[styles["badge"], styles[status]].join(" ")}>
      <span aria-hidden="true">{MARKS[status]}</span>
      {STATUS_WORDS[status]}
    </span>
  );
}
