import Markdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import styles from "./CardText.module.css";

/** Headings go below those of the page; the card's own title is the page's already. */
const PARTS: Components = {
  h1: () => null,
  h2: ({ children }) => <h3>{children}</h3>,
  h3: ({ children }) => <h4>{children}</h4>,
  a: ({ href, children }) => (
    <a href={href} rel="noopener noreferrer">
      {children}
    </a>
  ),
  table: ({ children }) => (
    <div className={styles["table"]}>
      <table>{children}</table>
    </div>
  ),
};

/** A stranger's Markdown: no HTML of it is kept, no address but http and mail, and no picture is loaded. */
export function CardText({ markdown }: { markdown: string }) {
  return (
    <div className={styles["card"]}>
      <Markdown remarkPlugins={[remarkGfm]} components={PARTS} disallowedElements={["img"]} skipHtml>
        {markdown}
      </Markdown>
    </div>
  );
}
