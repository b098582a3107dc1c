import { Button, ButtonLink } from "@/parts/Button";
import { desk } from "@/tray/desk";
import { hasEnded, type Entry } from "@/tray/tray";
import { useTray } from "@/tray/useTray";
import { count } from "@/words/amounts";
import { TrayRow } from "./TrayRow";
import styles from "./TrayList.module.css";

/** Every photo in hand, and what becomes of it. */
export function TrayList({ entries }: { entries: readonly Entry[] }) {
  const { orders } = useTray();
  const ended = entries.filter(hasEnded);
  const finished = entries.filter(({ progress }) => progress?.status === "finished").length;
  const batches = orders.flatMap(({ batch }) => batch ?? []);
  return (
    <div className={styles["tray"]}>
      <ul className={styles["rows"]}>
        {entries.map((entry) => (
          <TrayRow key={entry.id} entry={entry} />
        ))}
      </ul>
      <div className={styles["foot"]}>
        <p role="status">
          {finished > 0 ? `${finished} of ${count(entries.length, "photo")} finished.` : count(entries.length, "photo")}
        </p>
        <span className={styles["actions"]}>
          {batches.map((batch, place) => (
            <ButtonLink key={batch} to={`/batches/${batch}`} look="quiet" small>
              {batches.length === 1 ? "Table of the batch" : `Table of batch ${place + 1}`}
            </ButtonLink>
          ))}
          {ended.length > 0 ? (
            <Button look="quiet" small onClick={() => desk.remove(ended.map(({ id }) => id))}>
              Clear what has ended
            </Button>
          ) : null}
        </span>
      </div>
    </div>
  );
}
