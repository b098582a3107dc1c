import { useEffect, type ReactNode } from "react";
import styles from "./Page.module.css";

interface Props {
  /** The page's heading, and the name of its tab. */
  title: string;
  /** What the tab says where the heading would be too long or not enough. */
  tab?: string;
  lead?: ReactNode;
  /** Beside the heading. */
  actions?: ReactNode;
  /** Uses the whole width of the window. */
  wide?: boolean;
  children: ReactNode;
}

export function Page({ title, tab = title, lead, actions, wide = false, children }: Props) {
  useEffect(() => {
    document.title = `${tab} · Facies`;
  }, [tab]);
  return (
    <div className={[styles["page"], wide && styles["wide"]].filter(Boolean).join(" ")}>
      <header className={styles["head"]}>
        <div className={styles["words"]}>
          <h1>{title}</h1>
          {lead ? <p className={styles["lead"]}>{lead}</p> : null}
        </div>
        {actions ? <div className={styles["actions"]}>{actions}</div> : null}
      </header>
      {children}
    </div>
  );
}
