import { useEffect, useImperativeHandle, useRef, useState, type Ref } from "react";
import { sentenceOf } from "@/api/problem";
import { Notice } from "@/parts/Notice";
import { loadViewer } from "./library";
import type { PhotoSource, PhotoZoom } from "./photo_zoom";
import { useOverlay, type Overlay } from "./useOverlay";
import type { ViewStore } from "./view_store";
import styles from "./Pane.module.css";

interface Props {
  photo: PhotoSource;
  views: ViewStore;
  overlay: Overlay;
  /** Gets what moves the photo, once it is there. */
  ref?: Ref<PhotoZoom | null>;
  caption?: string | undefined;
}

/** The photo in deep zoom, and over it what is painted. */
export function Pane({ photo, views, overlay, ref, caption }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [zoom, setZoom] = useState<PhotoZoom | null>(null);
  const [isShown, setShown] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  useImperativeHandle<PhotoZoom | null, PhotoZoom | null>(ref, () => zoom, [zoom]);
  useOverlay(canvas, views, overlay);
  useEffect(() => {
    let made: PhotoZoom | null = null;
    let isOver = false;
    const make = async () => {
      const { library, PhotoZoom: Zoom } = await loadViewer();
      if (isOver || place.current === null) return;
      made = new Zoom(
        library,
        place.current,
        photo,
        views,
        () => setShown(true),
        (error) => setProblem(sentenceOf(error)),
      );
      setZoom(made);
    };
    make().catch((error: unknown) => setProblem(sentenceOf(error)));
    return () => {
      isOver = true;
      setZoom(null);
      made?.destroy();
    };
  }, [photo, views]);
  return (
    <div className={styles["pane"]} data-pane="">
      <div ref={place} className={styles["zoom"]} />
      <canvas ref={canvas} className={styles["overlay"]} />
      {caption === undefined ? null : <span className={styles["caption"]}>{caption}</span>}
      {isShown || problem !== null ? null : <p className={styles["loading"]}>Loading the photo …</p>}
      {problem === null ? null : (
        <div className={styles["problem"]}>
          <Notice kind="bad" title="The photo cannot be shown">
            {problem}
          </Notice>
        </div>
      )}
    </div>
  );
}
