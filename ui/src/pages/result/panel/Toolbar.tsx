import { useId } from "react";
import { Slider } from "@/parts/Slider";
import type { Look } from "../viewer/painter";
import type { Mode } from "../viewer/Stage";
import styles from "./Toolbar.module.css";

interface Props {
  mode: Mode;
  onMode: (mode: Mode) => void;
  look: Look;
  onLook: (look: Look) => void;
}

const MODES: readonly { mode: Mode; name: string }[] = [
  { mode: "over", name: "Overlay" },
  { mode: "swipe", name: "Swipe" },
  { mode: "side", name: "Side by side" },
];

/** How the answer is laid over the photo. */
export function Toolbar({ mode, onMode, look, onLook }: Props) {
  const id = useId();
  return (
    <div className={styles["toolbar"]}>
      <fieldset className={styles["modes"]}>
        <legend className="visually-hidden">Compare with the original</legend>
        {MODES.map((entry) => (
          <label key={entry.mode} className={styles["mode"]}>
            <input type="radio" name={`${id}-mode`} checked={mode === entry.mode} onChange={() => onMode(entry.mode)} />
            <span>{entry.name}</span>
          </label>
        ))}
      </fieldset>
      <div className={styles["opacity"]}>
        <Slider
          label="Opacity"
          value={look.opacity}
          step={0.01}
          format={(value) => `${Math.round(100 * value)} %`}
          onChange={(opacity) => onLook({ ...look, opacity })}
        />
      </div>
      <label className={styles["check"]}>
        <input
          type="checkbox"
          checked={look.withPatterns}
          onChange={(event) => onLook({ ...look, withPatterns: event.target.checked })}
        />
        Patterns
      </label>
    </div>
  );
}
