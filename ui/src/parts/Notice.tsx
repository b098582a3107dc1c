import type { ReactNode } from "react";
import styles from "./Notice.module.css";

interface Props {
  kind?: "info" | "good" | "warn" | "bad";
  title?: string;
  children?: ReactNode;
  /** What can be done about it. */
  action?: ReactNode;
}

/** Something the reader should know. Bad news are read aloud at once, the rest when there is a pause. */
export function Notice({ kind = "info", title, children, action }: Props) {
  return (
    <div className={[styles["notice"], styles[kind]].join(" ")} role={kind === "bad" ? "alert" : "status"}>
      <div className={styles["text"]}>
        {title ? <strong>{title}</strong> : null}
        {children ? <div>{children}</div> : null}
      </div>
      {action}
    </div>
  );
}
