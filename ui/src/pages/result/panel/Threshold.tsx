import { Button } from "@/parts/Button";
import { Slider } from "@/parts/Slider";
import type { ClassStyle } from "../answer/class_style";
import { isSameDecision, marginOf, movedTo, withMargin, type Decision, type Poles } from "../answer/decision";
import type { Tile } from "../answer/tiles";
import { Histogram } from "../charts/Histogram";
import styles from "./Threshold.module.css";

interface Props {
  tiles: readonly Tile[];
  labels: readonly string[];
  classes: readonly ClassStyle[];
  poles: Poles;
  decision: Decision;
  stored: Decision;
  onDecision: (decision: Decision) => void;
}

const format = (value: number) => value.toFixed(2);

/** The probability from which a tile is positive: moved here, everything on the page follows at once. */
export function Threshold({ tiles, labels, classes, poles, decision, stored, onDecision }: Props) {
  return (
    <div className={styles["threshold"]}>
      <Histogram
        probabilities={tiles.map(({ probability }) => probability)}
        labels={labels}
        classes={classes}
        decision={decision}
        of={poles.positive}
      />
      <Slider
        label={`Threshold: ${poles.positive} from`}
        value={decision.threshold}
        min={0.01}
        max={0.99}
        format={format}
        onChange={(threshold) => onDecision(movedTo(decision, threshold))}
      />
      <Slider
        label="Unsure within"
        value={marginOf(decision)}
        max={0.3}
        format={(value) => (value === 0 ? "off" : `± ${format(value)}`)}
        onChange={(margin) => onDecision(withMargin(decision, margin))}
      />
      <div className={styles["stored"]}>
        <p>The stored result used {inWords(stored)}; its files hold that.</p>
        {isSameDecision(decision, stored) ? null : (
          <Button small look="quiet" onClick={() => onDecision(stored)}>
            Back to it
          </Button>
        )}
      </div>
    </div>
  );
}

export function inWords({ threshold, band }: Decision): string {
  const unsure = band === null ? "" : `, unsure from ${format(band[0])} to ${format(band[1])}`;
  return `${format(threshold)}${unsure}`;
}
