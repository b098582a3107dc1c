import type { ReactNode } from "react";
import { CopyButton } from "@/parts/CopyButton";
import styles from "./Code.module.css";

interface Props {
  text: string;
  /** What it is: shown above it, and read aloud with the button that copies. */
  caption: string;
  /** Stands where the caption would. */
  head?: ReactNode;
}

/** A text to copy, as it stands. */
export function Code({ text, caption, head }: Props) {
  return (
    <figure className={styles["code"]}>
      <figcaption>
        {head === undefined ? caption : <span className="visually-hidden">{caption}</span>}
        {head}
        <CopyButton text={text} what={caption} />
      </figcaption>
      <pre>
        <code>{text}</code>
      </pre>
    </figure>
  );
}
