import { Button, ButtonLink } from "@/parts/Button";
import { Meter } from "@/parts/Meter";
import { StatusBadge } from "@/parts/StatusBadge";
import { Thumbnail } from "@/parts/Thumbnail";
import { desk } from "@/tray/desk";
import { hasEnded, type Entry } from "@/tray/tray";
import { said } from "./progress";
import styles from "./TrayRow.module.css";

/** One photo: what it is doing, and what can be done with it. */
export function TrayRow({ entry }: { entry: Entry }) {
  const { text, share } = said(entry);
  const status = entry.phase === "job" ? (entry.progress?.status ?? "queued") : undefined;
  return (
    <li className={styles["row"]}>
      <Picture entry={entry} />
      <div className={styles["words"]}>
        <p className={styles["name"]} title={entry.name}>
          {entry.name}
        </p>
        {status === undefined && !text ? null : (
          <p className={styles["state"]}>
            {status === undefined ? null : <StatusBadge status={status} />}
            {text ? <span>{text}</span> : null}
          </p>
        )}
        {share === undefined ? null : <Meter label={`Progress of ${entry.name}`} share={share} text={text} />}
        {entry.error === null ? null : (
          <p className={styles["error"]} role="alert">
            {entry.error}
          </p>
        )}
      </div>
      <div className={styles["actions"]}>
        <Actions entry={entry} />
      </div>
    </li>
  );
}

function Picture({ entry }: { entry: Entry }) {
  const preview = desk.previewOf(entry.id);
  if (preview !== null) return <img src={preview} alt="" className={styles["preview"]} />;
  return (
    <div className={styles["preview"]}>
      <Thumbnail path={hasEnded(entry) && entry.job ? `/api/v1/jobs/${entry.job}/thumbnail.jpg` : undefined} />
    </div>
  );
}

function Actions({ entry }: { entry: Entry }) {
  const about = <span className="visually-hidden"> {entry.name}</span>;
  if (entry.progress?.status === "finished")
    return (
      <ButtonLink to={`/jobs/${entry.job ?? ""}`} look="main" small>
        Result{about}
      </ButtonLink>
    );
  if (!hasEnded(entry))
    return (
      <Button small onClick={() => void desk.stop(entry.id)}>
        {entry.phase === "ready" ? "Remove" : "Cancel"}
        {about}
      </Button>
    );
  return (
    <>
      {desk.canTryAgain(entry) ? (
        <Button small onClick={() => void desk.again(entry.id)}>
          Try again{about}
        </Button>
      ) : null}
      <Button look="quiet" small onClick={() => desk.remove([entry.id])}>
        Remove{about}
      </Button>
    </>
  );
}
