import { Fragment } from "react";

const MARKS = /(`[^`]+`|\*[^*]+\*|\[[^\]]+\]\(https:[^)]+\))/;

/** A sentence in which `code` stands between backticks, *words* between stars, and links are [text](address). */
export function Prose({ text }: { text: string }) {
  return text.split(MARKS).map((part, index) => <Fragment key={index}>{marked(part)}</Fragment>);
}

function marked(part: string) {
  const link = /^\[(.+)\]\((.+)\)$/.exec(part);
  if (link) {
    return (
      <a href={link[2]} rel="noopener noreferrer">
        {link[1]}
      </a>
    );
  }
  if (/^`.+`$/.test(part)) return <code>{part.slice(1, -1)}</code>;
  return /^\*.+\*$/.test(part) ? <em>{part.slice(1, -1)}</em> : part;
}
