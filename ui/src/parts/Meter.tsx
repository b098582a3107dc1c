import styles from "./Meter.module.css";

interface Props {
  /** What is measured, for whoever cannot see it. */
  label: string;
  /** 0 to 1; null while nobody knows. */
  share: number | null;
  /** The same in words. */
  text?: string;
}

export function Meter({ label, share, text }: Props) {
  return (
    <progress
      className={styles["meter"]}
      aria-label={label}
      aria-valuetext={text}
      {...(share === null ? {} : { value: share })}
      max={1}
    />
  );
}
