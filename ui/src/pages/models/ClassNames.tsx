import { Swatch, type ClassColour } from "./Colours";
import styles from "./models.module.css";

/** The classes in short: colour and name. */
export function ClassNames({ classes }: { classes: readonly ClassColour[] }) {
  return (
    <ul className={styles["classNames"]} aria-label="Classes">
      {classes.map(({ index, name, rgb }) => (
        <li key={index}>
          <Swatch rgb={rgb} />
          {name}
        </li>
      ))}
    </ul>
  );
}
