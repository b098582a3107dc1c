import { useId } from "react";
import { capitalised, type ClassStyle } from "../answer/class_style";
import { fillOf, PatternOf } from "../charts/Patterned";
import { Swatch } from "../charts/Swatch";
import styles from "./ClassList.module.css";

export interface ClassRow {
  name: string;
  /** Null for what is counted but never painted. */
  style: ClassStyle | null;
  /** 0 to 1. */
  share: number;
  /** The share in words, with more. */
  text: string;
}

interface Props {
  rows: readonly ClassRow[];
  hidden: ReadonlySet<string>;
  onHidden: (hidden: ReadonlySet<string>) => void;
}

/** Every class with how much there is of it; a tick shows it on the photo or hides it. */
export function ClassList({ rows, hidden, onHidden }: Props) {
  const toggle = (name: string) => {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    onHidden(next);
  };
  const most = Math.max(...rows.map(({ share }) => share), 1e-9);
  return (
    <ul className={styles["list"]}>
      {rows.map((row) => (
        <li key={row.name}>
          <label className={styles["row"]} data-hidden={hidden.has(row.name) || undefined}>
            {row.style === null ? (
              <span className={styles["noTick"]} />
            ) : (
              <input type="checkbox" checked={!hidden.has(row.name)} onChange={() => toggle(row.name)} />
            )}
            {row.style === null ? <span className={styles["noSwatch"]} /> : <Swatch style={row.style} />}
            <span className={styles["name"]}>{capitalised(row.name)}</span>
            <span className={styles["text"]}>{row.text}</span>
            <ShareBar row={row} most={most} />
          </label>
        </li>
      ))}
    </ul>
  );
}

function ShareBar({ row, most }: { row: ClassRow; most: number }) {
  const id = useId();
  return (
    <svg className={styles["bar"]} aria-hidden="true">
      {row.style === null ? null : (
        <defs>
          <PatternOf id={id} style={row.style} />
        </defs>
      )}
      <rect className={styles["track"]} width="100%" height="100%" />
      <rect
        width={`${(100 * row.share) / most}%`}
        height="100%"
        fill={row.style === null ? "var(--line-strong)" : fillOf(id, row.style)}
      />
    </svg>
  );
}
