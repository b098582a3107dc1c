import { useId } from "react";
import type { ClassStyle } from "../answer/class_style";
import { fillOf, PatternOf } from "./Patterned";
import styles from "./Swatch.module.css";

/** A class's colour and marks, as large as the text beside it. */
export function Swatch({ style }: { style: ClassStyle }) {
  const id = useId();
  return (
    <svg className={styles["swatch"]} viewBox="0 0 32 20" aria-hidden="true">
      <defs>
        <PatternOf id={id} style={style} />
      </defs>
      <rect width="32" height="20" fill={fillOf(id, style)} />
    </svg>
  );
}
