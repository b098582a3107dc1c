import { useId, type ReactNode } from "react";
import styles from "./Slider.module.css";

interface Props {
  label: ReactNode;
  value: number;
  onChange: (value: number) => void;
  min?: number;
  max?: number;
  step?: number;
  /** How the value is shown and read aloud. */
  format?: (value: number) => string;
  disabled?: boolean;
}

export function Slider({ label, value, onChange, min = 0, max = 1, step = 0.01, format = String, disabled }: Props) {
  const id = useId();
  return (
    <div className={styles["slider"]}>
      <label htmlFor={id}>{label}</label>
      <output htmlFor={id}>{format(value)}</output>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        disabled={disabled}
        aria-valuetext={format(value)}
        onChange={(event) => onChange(event.target.valueAsNumber)}
      />
    </div>
  );
}
