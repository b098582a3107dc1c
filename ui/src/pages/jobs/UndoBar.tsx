import { useSyncExternalStore } from "react";
import { Button } from "@/parts/Button";
import { count } from "@/words/amounts";
import { removal } from "./removal";
import styles from "./UndoBar.module.css";

/** Says what was just deleted, while it can still be taken back. */
export function UndoBar() {
  const pending = useSyncExternalStore(removal.subscribe, removal.pending);
  const [first] = pending?.jobs ?? [];
  return (
    <div role="status" className={styles["place"]}>
      {pending === null || first === undefined ? null : (
        <div className={styles["bar"]}>
          <span className={styles["words"]}>
            {pending.jobs.length === 1
              ? `${first.name} is deleted.`
              : `${count(pending.jobs.length, "job")} are deleted.`}
          </span>
          <Button small look="main" onClick={() => removal.undo()}>
            Undo
          </Button>
        </div>
      )}
    </div>
  );
}
