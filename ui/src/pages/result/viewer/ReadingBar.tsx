import type { Reading } from "../answer/reading";
import { Swatch } from "../charts/Swatch";
import styles from "./ReadingBar.module.css";

interface Props {
  reading: Reading | null;
  /** What was chosen by keyboard or tap, and is read aloud. */
  announced: Reading | null;
}

/** What is where the mouse or the keyboard points. */
export function ReadingBar({ reading, announced }: Props) {
  return (
    <>
      {reading === null ? null : (
        <div className={styles["bar"]} data-testid="reading">
          {reading.style === null ? null : <Swatch style={reading.style} />}
          <div>
            <strong>{reading.name}</strong>
            <span>{reading.detail}</span>
          </div>
        </div>
      )}
      <p className="visually-hidden" aria-live="polite">
        {announced === null ? "" : `${announced.name}. ${announced.detail}`}
      </p>
    </>
  );
}
