import { useState } from "react";
import { Link } from "react-router";
import type { Job } from "@/api/client";
import { sentenceOf } from "@/api/problem";
import { Button } from "@/parts/Button";
import { Dialog } from "@/parts/Dialog";
import { Notice } from "@/parts/Notice";
import { moment } from "@/words/amounts";
import styles from "./Result.module.css";

/** Which photo, which model, and where to go from here. */
export function Head({ job, onDelete }: { job: Job; onDelete: () => Promise<void> }) {
  const [isAsking, setAsking] = useState(false);
  return (
    <header className={styles["head"]}>
      <div className={styles["words"]}>
        <h1 title={job.photo.name}>{job.photo.name}</h1>
        <p>
          <Link to={`/models/${job.model}`}>{job.model}</Link> · {moment(job.created_at)}
          {job.batch === null ? null : (
            <>
              {" · "}
              <Link to={`/batches/${job.batch}`}>its batch</Link>
            </>
          )}
        </p>
      </div>
      <Button look="danger" small onClick={() => setAsking(true)}>
        Delete
      </Button>
      {isAsking ? <DeleteDialog onDelete={onDelete} onClose={() => setAsking(false)} /> : null}
    </header>
  );
}

function DeleteDialog({ onDelete, onClose }: { onDelete: () => Promise<void>; onClose: () => void }) {
  const [problem, setProblem] = useState<string | null>(null);
  const remove = () => onDelete().catch((error: unknown) => setProblem(sentenceOf(error)));
  return (
    <Dialog title="Delete this job?" onClose={onClose}>
      <p>Photo and result are removed from the server and cannot be brought back.</p>
      {problem === null ? null : <Notice kind="bad">{problem}</Notice>}
      <div className={styles["choices"]}>
        <Button onClick={onClose}>Keep it</Button>
        <Button look="danger" onClick={remove}>
          Delete
        </Button>
      </div>
    </Dialog>
  );
}
