import { useState } from "react";
import { sentenceOf } from "@/api/problem";
import { fetchBlob } from "@/api/send";
import { Notice } from "@/parts/Notice";
import { save } from "@/parts/save";
import type { Download } from "./downloads";
import styles from "./Downloads.module.css";

/** A file that the page makes itself. */
export interface OwnFile {
  name: string;
  hint: string;
  file: string;
  make: () => Blob;
}

interface Props {
  downloads: readonly Download[];
  own: readonly OwnFile[];
  withLegend: boolean;
  onLegend: (withLegend: boolean) => void;
}

export function Downloads({ downloads, own, withLegend, onLegend }: Props) {
  const [running, setRunning] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const fetchAndSave = async ({ path, file }: Download) => {
    setRunning(file);
    setProblem(null);
    try {
      save(await fetchBlob(path), file);
    } catch (error) {
      setProblem(sentenceOf(error));
    } finally {
      setRunning(null);
    }
  };
  return (
    <div className={styles["downloads"]}>
      <ul className={styles["list"]}>
        {downloads.map((entry) => (
          <li key={entry.file}>
            <button type="button" disabled={running !== null} onClick={() => fetchAndSave(entry)}>
              <Arrow />
              <strong>{entry.name}</strong>
              <span>{running === entry.file ? "Fetching …" : entry.hint}</span>
            </button>
          </li>
        ))}
        {own.map((entry) => (
          <li key={entry.file}>
            <button type="button" onClick={() => save(entry.make(), entry.file)}>
              <Arrow />
              <strong>{entry.name}</strong>
              <span>{entry.hint}</span>
            </button>
          </li>
        ))}
      </ul>
      <label className={styles["check"]}>
        <input type="checkbox" checked={withLegend} onChange={(event) => onLegend(event.target.checked)} />
        Overlay with a legend beside it
      </label>
      {problem === null ? null : (
        <Notice kind="bad" title="The file could not be fetched">
          {problem}
        </Notice>
      )}
    </div>
  );
}

function Arrow() {
  return (
    <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <path d="M10 3v9M6 8.5l4 4l4 -4M4 16.5h12" />
    </svg>
  );
}
