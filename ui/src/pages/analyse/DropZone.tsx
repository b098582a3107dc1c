import { useEffect, useId, useRef, useState } from "react";
import { Button } from "@/parts/Button";
import styles from "./DropZone.module.css";

const READABLE = "image/jpeg,image/png,image/webp,image/tiff,.tif,.tiff,.jpg,.jpeg,.png,.webp";

interface Props {
  /** There are photos already: less room is taken. */
  isSmall: boolean;
  onFiles: (files: File[]) => void;
}

/** Photos come in here: dropped anywhere on the page, pasted, chosen, or taken with the phone's camera. */
export function DropZone({ isSmall, onFiles }: Props) {
  const isOver = useFilesFromThePage(onFiles);
  const choose = useRef<HTMLInputElement>(null);
  const take = useRef<HTMLInputElement>(null);
  const hint = useId();
  const receive = (input: HTMLInputElement) => {
    if (input.files?.length) onFiles([...input.files]);
    input.value = ""; // the same file may be chosen again
  };
  return (
    <div className={[styles["zone"], isSmall && styles["small"], isOver && styles["over"]].filter(Boolean).join(" ")}>
      <svg viewBox="0 0 48 48" aria-hidden="true" className={styles["drawing"]}>
        <path d="M6 12h36v26H6z" />
        <path d="m6 32 10-10 8 7 6-5 12 10" />
        <circle cx="32" cy="19" r="2.5" />
      </svg>
      <p className={styles["words"]}>
        <strong>{isSmall ? "Add more photos" : "Drop photos here, or paste them"}</strong>
        <span id={hint}>JPEG, PNG, WebP or TIFF. Several photos become one batch with one table.</span>
      </p>
      <div className={styles["buttons"]}>
        <Button look={isSmall ? "plain" : "main"} aria-describedby={hint} onClick={() => choose.current?.click()}>
          Choose photos
        </Button>
        <Button className={styles["camera"]} onClick={() => take.current?.click()}>
          Take a photo
        </Button>
      </div>
      <input
        ref={choose}
        hidden
        type="file"
        multiple
        accept={READABLE}
        aria-label="Photos"
        onChange={(event) => receive(event.currentTarget)}
      />
      <input
        ref={take}
        hidden
        type="file"
        accept="image/jpeg"
        capture="environment"
        aria-label="Photo from the camera"
        onChange={(event) => receive(event.currentTarget)}
      />
    </div>
  );
}

/** Files dropped or pasted anywhere. @returns whether some are held above the page */
function useFilesFromThePage(onFiles: (files: File[]) => void): boolean {
  const [isOver, setIsOver] = useState(false);
  const latest = useRef(onFiles);
  useEffect(() => {
    latest.current = onFiles;
  }, [onFiles]);
  useEffect(() => {
    const take = (files: FileList | undefined) => {
      if (files?.length) latest.current([...files]);
    };
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setIsOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setIsOver(false);
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setIsOver(false);
      take(event.dataTransfer?.files);
    };
    const paste = (event: ClipboardEvent) => take(event.clipboardData?.files);
    const listening = new AbortController();
    const { signal } = listening;
    document.addEventListener("dragover", over, { signal });
    document.addEventListener("dragleave", leave, { signal });
    document.addEventListener("drop", drop, { signal });
    document.addEventListener("paste", paste, { signal });
    return () => listening.abort();
  }, []);
  return isOver;
}
