import {
  useCallback,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
  type RefObject,
} from "react";
import type { Core } from "../answer/answer";
import type { ClassStyle } from "../answer/class_style";
import type { Depths } from "../answer/depths";
import type { Reading } from "../answer/reading";
import { CoreLog } from "../log/CoreLog";
import { directionOf } from "./cursor";
import { Divider } from "./Divider";
import { isInside, toPhoto, type Point } from "./geometry";
import type { Look, Painter } from "./painter";
import { Pane } from "./Pane";
import type { PhotoSource, PhotoZoom } from "./photo_zoom";
import { ReadingBar } from "./ReadingBar";
import { ViewStore } from "./view_store";
import { ZoomButtons } from "./ZoomButtons";
import styles from "./Stage.module.css";

export type Mode = "over" | "swipe" | "side";

interface Props {
  /** Gets what moves the photo. */
  zoom: RefObject<PhotoZoom | null>;
  photo: PhotoSource;
  painter: Painter | null;
  look: Look;
  mode: Mode;
  core: Core | null;
  classes: readonly ClassStyle[];
  depths: Depths | null;
  /** What is at a place of the photo. */
  read: (point: Point) => Reading | null;
  /** Where an arrow key goes from a place, null before the first. */
  move: (from: Point | null, by: Point, scale: number) => Point;
  /** What an arrow key goes along: "tile to tile", "place to place". */
  along: string;
  children?: ReactNode;
}

const NOTHING: Look = { opacity: 0, hidden: new Set(), withPatterns: false };
const ZOOM_STEP = 1.5;
const CLICK_PX = 6;

/** The photo with its answer: to be zoomed, compared with the original, and asked at any place. */
export function Stage({ zoom, photo, painter, look, mode, core, classes, depths, read, move, along, children }: Props) {
  const [views] = useState(() => new ViewStore());
  const [at, setAt] = useState(0.5);
  const [hover, setHover] = useState<Point | null>(null);
  const [cursor, setCursor] = useState<Point | null>(null);

  const pointed = useMemo(() => (hover === null ? null : read(hover)), [hover, read]);
  const chosen = useMemo(() => (cursor === null ? null : read(cursor)), [cursor, read]);
  const reading = pointed ?? chosen;
  const mark = reading === null || (reading === pointed && reading.isPoint) ? null : reading.box;
  const overlay = useMemo(
    () => ({ painter, look, from: mode === "swipe" ? at : 0, mark }),
    [painter, look, mode, at, mark],
  );
  const original = useMemo(() => ({ painter: null, look: NOTHING, from: 0, mark }), [mark]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const by = directionOf(event.key, event.shiftKey);
    if (by !== null) {
      const next = move(cursor, by, views.get()?.scale ?? 1);
      setCursor(next);
      setHover(null);
      const box = read(next)?.box;
      if (box !== undefined) zoom.current?.reveal(box);
    } else if (event.key === "+" || event.key === "=") zoom.current?.zoomBy(ZOOM_STEP);
    else if (event.key === "-") zoom.current?.zoomBy(1 / ZOOM_STEP);
    else if (event.key === "0") zoom.current?.showAll();
    else if (event.key === "Escape") setCursor(null);
    else return;
    event.preventDefault();
  };
  const pointing = usePointing(views, photo, setHover, setCursor);
  return (
    <div className={styles["stage"]} data-core={core?.axis ?? "none"} data-mode={mode}>
      {core === null ? null : (
        <div className={styles["log"]}>
          <CoreLog core={core} classes={classes} depths={depths} views={views} zoom={zoom} />
        </div>
      )}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- it is a widget of its own: arrow keys read the photo */}
      <div
        className={styles["panes"]}
        role="application"
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- as above
        tabIndex={0}
        aria-label={`The photo with its result. Arrow keys go from ${along} and read what is there; plus and minus zoom, 0 shows all.`}
        onKeyDown={onKeyDown}
        {...pointing}
      >
        {mode === "side" ? <Pane photo={photo} views={views} overlay={original} caption="Original" /> : null}
        <Pane
          ref={zoom}
          photo={photo}
          views={views}
          overlay={overlay}
          caption={mode === "side" ? "Result" : undefined}
        />
        {mode === "swipe" ? <Divider at={at} onChange={setAt} /> : null}
        <ZoomButtons
          onIn={() => zoom.current?.zoomBy(ZOOM_STEP)}
          onOut={() => zoom.current?.zoomBy(1 / ZOOM_STEP)}
          onAll={() => zoom.current?.showAll()}
        />
        <ReadingBar reading={reading} announced={chosen} />
        {children}
      </div>
    </div>
  );
}

/** Where a mouse points, and where it or a finger has clicked; a drag is not a click. */
function usePointing(
  views: ViewStore,
  { size }: PhotoSource,
  onHover: (point: Point | null) => void,
  onChoose: (point: Point | null) => void,
) {
  const pressed = useRef<Point | null>(null);
  const pointOf = useCallback(
    (event: PointerEvent): Point | null => {
      const view = views.get();
      const pane = (event.target as HTMLElement).closest("[data-pane]")?.getBoundingClientRect();
      if (view === null || pane === undefined) return null;
      const point = toPhoto(view, { x: event.clientX - pane.left, y: event.clientY - pane.top });
      return isInside(point, size) ? point : null;
    },
    [views, size],
  );
  return {
    onPointerDownCapture: (event: PointerEvent) => {
      pressed.current = { x: event.clientX, y: event.clientY };
    },
    onPointerMoveCapture: (event: PointerEvent) => {
      if (event.pointerType !== "touch" && event.buttons === 0) onHover(pointOf(event));
    },
    onPointerLeave: () => onHover(null),
    onPointerUpCapture: (event: PointerEvent) => {
      const from = pressed.current;
      pressed.current = null;
      if (from === null || Math.hypot(event.clientX - from.x, event.clientY - from.y) > CLICK_PX) return;
      const point = pointOf(event);
      if (point !== null) onChoose(point);
    },
  };
}
