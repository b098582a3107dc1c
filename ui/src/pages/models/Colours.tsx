import styles from "./Colours.module.css";

export interface ClassColour {
  index: number;
  name: string;
  rgb: readonly number[];
}

/** The classes, each with its colour and the colour's numbers. */
export function Colours({ classes }: { classes: readonly ClassColour[] }) {
  return (
    <ul className={styles["colours"]}>
      {classes.map(({ index, name, rgb }) => (
        <li key={index}>
          <Swatch rgb={rgb} />
          <span>
            {name}
            <small>{rgb.join(", ")}</small>
          </span>
        </li>
      ))}
    </ul>
  );
}

/** A patch of a colour. It is decoration: the name stands beside it. */
export function Swatch({ rgb }: { rgb: readonly number[] }) {
  return (
    <svg className={styles["swatch"]} viewBox="0 0 1 1" aria-hidden="true">
      <rect width="1" height="1" fill={`rgb(${rgb.join(" ")})`} />
    </svg>
  );
}
