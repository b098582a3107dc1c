import { useEffect, useMemo } from "react";
import { useNavigate } from "react-router";
import type { Job } from "@/api/client";
import { deleteJob } from "@/api/jobs";
import { sentenceOf } from "@/api/problem";
import { Notice } from "@/parts/Notice";
import { useAnswer, type Loaded } from "./answer/useAnswer";
import { Head } from "./Head";
import { MapResult } from "./MapResult";
import { TileResult } from "./TileResult";
import { loadViewer } from "./viewer/library";
import type { PhotoSource } from "./viewer/photo_zoom";
import styles from "./Result.module.css";

/** What came of a job that has finished. */
export function Finished({ job }: { job: Job }) {
  const { loaded, error } = useAnswer(job);
  const navigate = useNavigate();
  useEffect(() => {
    document.title = `${job.photo.name} · Facies`;
  }, [job.photo.name]);
  useEffect(() => {
    loadViewer().catch(() => undefined); // the pane tries again, and says what is wrong
  }, []);
  const remove = async () => {
    await deleteJob(job.id);
    await navigate("/jobs");
  };
  return (
    <div className={styles["result"]}>
      <Head job={job} onDelete={remove} />
      {error === null ? null : (
        <Notice kind="bad" title="The result cannot be shown">
          {sentenceOf(error)}
        </Notice>
      )}
      {loaded === undefined ? <Waiting /> : <Result job={job} loaded={loaded} />}
    </div>
  );
}

function Result({ job, loaded: { summary, answer } }: { job: Job; loaded: Loaded }) {
  const photo = useMemo<PhotoSource>(
    () => ({
      path: job.links["photo"] ?? "",
      deepZoom: job.links["photo_dzi"] ?? "",
      name: job.photo.name,
      bytes: job.photo.bytes,
      size: { width: summary.width, height: summary.height },
    }),
    [job, summary],
  );
  const { domain } = summary;
  return (
    <>
      {domain?.out_of_domain ? (
        <Notice kind="warn" title="This photo is unlike those the model was made for">
          It lies {domain.score.toFixed(2)} away from them, where up to {domain.limit.toFixed(2)} is usual. A model says
          something of any picture; do not rely on what it says of this one.
        </Notice>
      ) : null}
      {answer.kind === "tiles" ? (
        <TileResult job={job} photo={photo} answer={answer} />
      ) : (
        <MapResult job={job} photo={photo} answer={answer} summary={summary} />
      )}
    </>
  );
}

function Waiting() {
  return (
    <div className={styles["grid"]}>
      <div className={styles["stage"]}>
        <div className={styles["empty"]} role="status">
          Loading the result …
        </div>
      </div>
    </div>
  );
}
