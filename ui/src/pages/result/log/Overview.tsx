import type { KeyboardEvent, PointerEvent, RefObject } from "react";
import type { Core } from "../answer/answer";
import type { ClassStyle } from "../answer/class_style";
import { css } from "../answer/colours";
import { metresAt, type Depths } from "../answer/depths";
import { clamp, type View } from "../viewer/geometry";
import type { PhotoZoom } from "../viewer/photo_zoom";
import { centre } from "./centre";
import { shown } from "./scale";
import styles from "./CoreLog.module.css";

interface Props {
  core: Core;
  classes: readonly ClassStyle[];
  depths: Depths | null;
  view: View;
  zoom: RefObject<PhotoZoom | null>;
}

const LEAST_WINDOW = 1.5;

/** All of the core in little, and which part of it is in view: drag it to go there. */
export function Overview({ core, classes, depths, view, zoom }: Props) {
  const isDown = core.axis === "y";
  const [from, to] = shown(view, core.axis, core.length);
  const percent = (pixels: number) => (100 * pixels) / core.length;
  const place = (start: number, end: number) => {
    const [at, long] = [`${percent(start)}%`, `${percent(end - start)}%`];
    return isDown ? { y: at, height: long, width: "100%" } : { x: at, width: long, height: "100%" };
  };
  const go = (pixel: number) => centre(core, clamp(pixel, 0, core.length), view, zoom, true);
  const point = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    go(core.length * (isDown ? (event.clientY - box.top) / box.height : (event.clientX - box.left) / box.width));
  };
  return (
    <div
      className={styles["overview"]}
      role="slider"
      tabIndex={0}
      aria-label="Part of the core in view"
      aria-orientation={isDown ? "vertical" : "horizontal"}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(percent((from + to) / 2))}
      aria-valuetext={inWords(from, to, core, depths)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        point(event);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) point(event);
      }}
      onKeyDown={(event) => {
        const pixel = targetOf(event, from, to, core.length);
        if (pixel === null) return;
        event.preventDefault();
        go(pixel);
      }}
    >
      <svg width="100%" height="100%" aria-hidden="true">
        {core.intervals.map((interval) => {
          const style = classes.find(({ index }) => index === interval.index);
          return style === undefined ? null : (
            <rect key={interval.top_px} {...place(interval.top_px, interval.base_px)} fill={css(style.rgb)} />
          );
        })}
        <rect className={styles["window"]} {...place(from, Math.max(to, from + (LEAST_WINDOW / 100) * core.length))} />
      </svg>
    </div>
  );
}

function inWords(from: number, to: number, core: Core, depths: Depths | null): string {
  if (depths === null) {
    return `From ${Math.round((100 * from) / core.length)} to ${Math.round((100 * to) / core.length)} percent`;
  }
  return `From ${metresAt(depths, from).toFixed(2)} to ${metresAt(depths, to).toFixed(2)} metres`;
}

/** Where a key goes: a tenth of what is in view, or all of it. */
function targetOf({ key }: KeyboardEvent, from: number, to: number, length: number): number | null {
  const middle = (from + to) / 2;
  const view = to - from;
  if (key === "ArrowUp" || key === "ArrowLeft") return middle - view / 10;
  if (key === "ArrowDown" || key === "ArrowRight") return middle + view / 10;
  if (key === "PageUp") return middle - view;
  if (key === "PageDown") return middle + view;
  if (key === "Home") return view / 2;
  if (key === "End") return length - view / 2;
  return null;
}
