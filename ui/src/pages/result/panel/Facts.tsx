import { Link } from "react-router";
import type { Job } from "@/api/client";
import { CopyButton } from "@/parts/CopyButton";
import { bytes, moment, number, sinceOrUntil } from "@/words/amounts";
import { metres, seconds } from "./words";
import styles from "./Facts.module.css";

/** How the result came about, so that it can be repeated. */
export function Facts({ job }: { job: Job }) {
  const { photo, timings_s: timings } = job;
  return (
    <dl className={styles["facts"]}>
      <dt>Model</dt>
      <dd>
        <Link to={`/models/${job.model}`}>{job.model}</Link>
      </dd>
      <dt>Its SHA-256</dt>
      <dd className={styles["sum"]}>
        <code>{job.model_sha256}</code>
        <CopyButton text={job.model_sha256} what="SHA-256" />
      </dd>
      <dt>Parameters</dt>
      <dd>{parameters(job.options)}</dd>
      <dt>Photo</dt>
      <dd>
        {photo.name}, {number(photo.width)} × {number(photo.height)} px, {bytes(photo.bytes)}
      </dd>
      <dt>Tiles</dt>
      <dd>{number(job.total)}</dd>
      <dt>Times</dt>
      <dd>
        {Object.entries(timings)
          .map(([step, value]) => `${step} ${seconds(value)}`)
          .join(" · ")}
      </dd>
      <dt>Sent</dt>
      <dd>{moment(job.created_at)}</dd>
      <dt>Kept until</dt>
      <dd>
        {moment(job.expires_at)}, {sinceOrUntil(job.expires_at)}
      </dd>
      <dt>Job</dt>
      <dd className={styles["sum"]}>
        <code>{job.id}</code>
        <CopyButton text={job.id} what="job id" />
      </dd>
      {Object.entries(job.metadata).map(([name, value]) => (
        <Fact key={name} name={name} value={value} />
      ))}
    </dl>
  );
}

function Fact({ name, value }: { name: string; value: unknown }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
    </>
  );
}

const NAMES: Record<string, string> = {
  depth_top_m: "depth of the top",
  depth_base_m: "depth of the base",
  unsure_band: "unsure band",
  min_confidence: "least confidence",
  error_rate: "wanted error rate",
};

function parameters(options: Record<string, unknown>): string {
  const said = Object.entries(options).map(([name, value]) => {
    if (name.endsWith("_m") && typeof value === "number") return `${NAMES[name] ?? name} ${metres(value)}`;
    return `${NAMES[name] ?? name} ${Array.isArray(value) ? value.join(" to ") : String(value)}`;
  });
  return said.join(" · ") || "as the package says";
}
