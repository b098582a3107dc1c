import { Slider } from "@/parts/Slider";
import { percent } from "./words";
import styles from "./Threshold.module.css";

interface Props {
  /** 0 to 1. */
  least: number;
  onLeast: (least: number) => void;
  /** Of what is not background, how much is less sure. */
  hiddenShare: number;
  /** What the job was sent with, 0 to 1. */
  stored: number;
}

/** From which confidence on the model is believed: what is less sure loses its colour and its area at once. */
export function LeastConfidence({ least, onLeast, hiddenShare, stored }: Props) {
  return (
    <div className={styles["threshold"]}>
      <Slider
        label="Leave out what is less sure than"
        value={least}
        max={0.99}
        format={(value) => (value === 0 ? "off" : `${Math.round(100 * value)} %`)}
        onChange={onLeast}
      />
      <p className={styles["stored"]}>
        {least === 0 ? "" : `${percent(hiddenShare)} is left out. `}
        The stored result used {stored === 0 ? "no limit" : `${Math.round(100 * stored)} %`}; its files hold that.
      </p>
    </div>
  );
}
