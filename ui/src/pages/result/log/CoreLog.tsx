import { useEffect, useId, useRef, useSyncExternalStore, type PointerEvent, type RefObject } from "react";
import type { Core } from "../answer/answer";
import { capitalised, type ClassStyle } from "../answer/class_style";
import { metresAt, type Depths } from "../answer/depths";
import { fillOf, PatternOf } from "../charts/Patterned";
import type { View } from "../viewer/geometry";
import type { PhotoZoom } from "../viewer/photo_zoom";
import type { ViewStore } from "../viewer/view_store";
import { centre } from "./centre";
import { DepthAxis } from "./DepthAxis";
import { Overview } from "./Overview";
import { clipped, intervalAt, onScreen, paneLength, type Stretch } from "./scale";
import styles from "./CoreLog.module.css";

interface Props {
  core: Core;
  classes: readonly ClassStyle[];
  depths: Depths | null;
  views: ViewStore;
  zoom: RefObject<PhotoZoom | null>;
}

const CLICK_PX = 5;
const NAMED_FROM_PX = 16;
const LINE_PX = 14;

/** What rock the core is of, as long as the photo beside it shows it: it moves with the photo, and the photo with it. */
export function CoreLog({ core, classes, depths, views, zoom }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const view = useSyncExternalStore(views.subscribe, views.get);
  useWheel(frame, core.axis, zoom);
  return (
    <div ref={frame} className={styles["log"]} data-axis={core.axis}>
      {view === null ? null : (
        <>
          <Overview core={core} classes={classes} view={view} zoom={zoom} depths={depths} />
          <DepthAxis core={core} depths={depths} view={view} />
          <Column core={core} classes={classes} depths={depths} view={view} zoom={zoom} />
        </>
      )}
    </div>
  );
}

function Column({ core, classes, depths, view, zoom }: Omit<Props, "views"> & { view: View }) {
  const id = useId();
  const drag = useDrag(core, view, zoom);
  const pane = paneLength(view, core.axis);
  const visible = core.intervals.flatMap((interval) => {
    const stretch = onScreen(view, core.axis, interval.top_px, interval.base_px);
    const style = classes.find(({ index }) => index === interval.index);
    const inPane = clipped(stretch, pane);
    return inPane === null || style === undefined ? [] : [{ interval, stretch, inPane, style }];
  });
  const isDown = core.axis === "y";
  return (
    <div className={styles["column"]} {...drag}>
      <svg className={styles["rocks"]} aria-hidden="true">
        <defs>
          {classes.map((style) => (
            <PatternOf key={style.index} id={id} style={style} />
          ))}
        </defs>
        {visible.map(({ interval, stretch, style }) => (
          <rect
            key={interval.top_px}
            className={styles["interval"]}
            {...along(isDown, stretch)}
            fill={fillOf(id, style)}
          >
            <title>{titleOf(interval.name, interval.top_px, interval.base_px, depths)}</title>
          </rect>
        ))}
      </svg>
      <div className={styles["names"]} aria-hidden="true">
        {visible
          .filter(({ inPane }) => inPane.length >= (isDown ? NAMED_FROM_PX : 3 * NAMED_FROM_PX))
          .map(({ interval, inPane }) => (
            <span
              key={interval.top_px}
              style={
                isDown ? { top: inPane.from, ...linesIn(inPane.length) } : { left: inPane.from, width: inPane.length }
              }
            >
              {capitalised(interval.name)}
            </span>
          ))}
      </div>
    </div>
  );
}

function along(isDown: boolean, { from, length }: Stretch) {
  return isDown ? { y: from, height: length, width: "100%" } : { x: from, width: length, height: "100%" };
}

/** As many lines of a name as there is room for, the last one cut with dots. */
function linesIn(length: number) {
  const lines = Math.floor(length / LINE_PX);
  return { maxHeight: lines * LINE_PX, WebkitLineClamp: lines };
}

function titleOf(name: string, from: number, to: number, depths: Depths | null): string {
  if (depths === null) return capitalised(name);
  return `${capitalised(name)}, ${metresAt(depths, from).toFixed(2)} to ${metresAt(depths, to).toFixed(2)} m`;
}

/** Dragging moves the photo along the core; a click shows the interval. */
function useDrag(core: Core, view: View, zoom: RefObject<PhotoZoom | null>) {
  const last = useRef<{ at: number; far: number } | null>(null);
  const placeOf = (event: PointerEvent) => (core.axis === "x" ? event.clientX : event.clientY);
  return {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      last.current = { at: placeOf(event), far: 0 };
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      if (last.current === null) return;
      const by = placeOf(event) - last.current.at;
      last.current = { at: placeOf(event), far: last.current.far + Math.abs(by) };
      zoom.current?.panBy(core.axis === "x" ? { x: by, y: 0 } : { x: 0, y: by }, true);
    },
    onPointerUp: (event: PointerEvent<HTMLElement>) => {
      const wasClick = last.current !== null && last.current.far < CLICK_PX;
      last.current = null;
      if (!wasClick) return;
      const edge = event.currentTarget.getBoundingClientRect();
      const place = core.axis === "x" ? event.clientX - edge.left : event.clientY - edge.top;
      const interval = intervalAt(core.intervals, (place - view[core.axis]) / view.scale);
      if (interval !== null) centre(core, (interval.top_px + interval.base_px) / 2, view, zoom);
    },
    onPointerCancel: () => {
      last.current = null;
    },
  };
}

/** React's own wheel events cannot keep the page from scrolling along. */
function useWheel(frame: RefObject<HTMLElement | null>, axis: "x" | "y", zoom: RefObject<PhotoZoom | null>): void {
  useEffect(() => {
    const element = frame.current;
    const move = (event: WheelEvent) => {
      if (event.ctrlKey) return;
      event.preventDefault();
      const by = -(Math.abs(event.deltaY) > Math.abs(event.deltaX) ? event.deltaY : event.deltaX);
      zoom.current?.panBy(axis === "x" ? { x: by, y: 0 } : { x: 0, y: by }, true);
    };
    element?.addEventListener("wheel", move, { passive: false });
    return () => element?.removeEventListener("wheel", move);
  }, [frame, axis, zoom]);
}
