import styles from "./Swatches.module.css";

interface Props {
  classes: readonly { name: string; rgb: readonly number[] }[];
  /** How many are named; the others are counted. */
  most?: number;
}

/** Classes by colour and name. */
export function Swatches({ classes, most = 4 }: Props) {
  const named = classes.filter(({ name }) => name !== "background");
  const left = named.length - most;
  return (
    <span className={styles["swatches"]}>
      {named.slice(0, left === 1 ? most + 1 : most).map(({ name, rgb }) => (
        <span key={name} className={styles["swatch"]}>
          <i style={{ background: `rgb(${rgb.join(" ")})` }} aria-hidden="true" />
          {name}
        </span>
      ))}
      {left > 1 ? <span className={styles["swatch"]}>and {left} more</span> : null}
    </span>
  );
}
