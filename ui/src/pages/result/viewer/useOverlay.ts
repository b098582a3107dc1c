import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";
import { toDevice, type Box } from "./geometry";
import type { Look, Painter } from "./painter";
import type { ViewStore } from "./view_store";

export interface Overlay {
  painter: Painter | null;
  look: Look;
  /** From which share of the pane's width on the answer is painted. */
  from: number;
  /** What is pointed at, on the photo. */
  mark: Box | null;
}

/** Keeps a canvas painted: whenever the photo moves, in the same frame, and whenever what is painted changes. */
export function useOverlay(canvas: RefObject<HTMLCanvasElement | null>, views: ViewStore, overlay: Overlay): void {
  const latest = useRef(overlay);
  useLayoutEffect(() => {
    latest.current = overlay;
    drawOverlay(canvas.current, views, overlay);
  }, [canvas, views, overlay]);
  useEffect(() => views.subscribe(() => drawOverlay(canvas.current, views, latest.current)), [canvas, views]);
}

function drawOverlay(canvas: HTMLCanvasElement | null, views: ViewStore, { painter, look, from, mark }: Overlay): void {
  const view = views.get();
  const context = canvas?.getContext("2d");
  if (view === null || canvas === null || context == null) return;
  const ratio = devicePixelRatio;
  fit(canvas, Math.round(view.pane.width * ratio), Math.round(view.pane.height * ratio));
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.save();
  context.beginPath();
  context.rect(Math.round(canvas.width * from), 0, canvas.width, canvas.height);
  context.clip();
  painter?.paint(context, view, ratio, look);
  context.restore();
  if (mark !== null) drawMark(context, toDevice(view, mark, ratio), ratio);
}

function fit(canvas: HTMLCanvasElement, width: number, height: number): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

const SMALLEST_MARK = 10;

/** A frame that is seen on any photo: white within black. */
function drawMark(context: CanvasRenderingContext2D, box: Box, ratio: number): void {
  const grow = Math.max(0, SMALLEST_MARK * ratio - Math.min(box.width, box.height)) / 2;
  const [x, y] = [box.x - grow, box.y - grow];
  const [width, height] = [box.width + 2 * grow, box.height + 2 * grow];
  for (const [colour, line] of [
    ["#000", 5],
    ["#fff", 2.5],
  ] as const) {
    context.lineWidth = line * ratio;
    context.strokeStyle = colour;
    context.strokeRect(x, y, width, height);
  }
}
