import { Button } from "@/parts/Button";
import { useChoices } from "./choices";
import { Prose } from "./Prose";
import styles from "./KeyChoice.module.css";

/** Whether a key is needed, and a button that puts the reader's own into the examples: never by itself. */
export function KeyChoice({ needed, sentence }: { needed: boolean; sentence: string }) {
  const { shownKey, showKey, hideKey } = useChoices();
  return (
    <div className={styles["choice"]}>
      <p>
        <Prose text={sentence} />
      </p>
      {needed && shownKey === null ? (
        <Button small onClick={showKey}>
          Put my key into the examples
        </Button>
      ) : null}
      {needed && shownKey !== null ? (
        <Button small onClick={hideKey}>
          Take my key out again
        </Button>
      ) : null}
    </div>
  );
}
