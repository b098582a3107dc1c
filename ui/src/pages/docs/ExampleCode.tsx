import { useChoices, type Language } from "./choices";
import { Code } from "./Code";
import type { Example } from "./examples";
import styles from "./ExampleCode.module.css";

const NAMES: readonly [Language, string][] = [
  ["curl", "curl"],
  ["python", "Python"],
];

/** An example in the language that the reader chose; choosing another changes all of the page. */
export function ExampleCode({ example, title }: { example: Example; title: string }) {
  const { language, choose } = useChoices();
  const name = language === "curl" ? "curl" : "Python";
  const languages = (
    <span role="group" aria-label="Language of the examples" className={styles["languages"]}>
      {NAMES.map(([one, shown]) => (
        <button key={one} type="button" aria-pressed={one === language} onClick={() => choose(one)}>
          {shown}
        </button>
      ))}
    </span>
  );
  return <Code text={example[language]} caption={`${title}, ${name}`} head={languages} />;
}
