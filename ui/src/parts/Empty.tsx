import type { ReactNode } from "react";
import styles from "./Empty.module.css";

/** Nothing is here yet: what would be, and how to get it. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={styles["empty"]}>
      <svg viewBox="0 0 120 64" aria-hidden="true" className={styles["drawing"]}>
        <path d="M4 14q19-9 38 0t37 0 37 0" />
        <path d="M4 30q19-9 38 0t37 0 37 0" />
        <path d="M4 46q19-9 38 0t37 0 37 0" />
      </svg>
      <h2>{title}</h2>
      {children ? <div className={styles["text"]}>{children}</div> : null}
      {action}
    </div>
  );
}
