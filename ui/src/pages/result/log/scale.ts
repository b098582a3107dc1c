/** Along the core: what of it is in view, and where on the screen it is. */
import type { Interval } from "../answer/answer";
import { clamp, type View } from "../viewer/geometry";

export interface Stretch {
  /** CSS pixels from the pane's edge. */
  from: number;
  length: number;
}

/** Where a stretch of the core, in pixels of the photo, is in the pane. */
export function onScreen(view: View, axis: "x" | "y", from: number, to: number): Stretch {
  const start = view[axis] + from * view.scale;
  return { from: start, length: (to - from) * view.scale };
}

export function paneLength(view: View, axis: "x" | "y"): number {
  return axis === "x" ? view.pane.width : view.pane.height;
}

/** The part of a stretch that is inside the pane; null if none is. */
export function clipped(stretch: Stretch, pane: number): Stretch | null {
  const from = clamp(stretch.from, 0, pane);
  const to = clamp(stretch.from + stretch.length, 0, pane);
  return to > from ? { from, length: to - from } : null;
}

/** Pixels of the photo along the core that the pane shows. */
export function shown(view: View, axis: "x" | "y", length: number): [number, number] {
  const from = clamp(-view[axis] / view.scale, 0, length);
  const to = clamp((paneLength(view, axis) - view[axis]) / view.scale, 0, length);
  return [from, to];
}

/** The interval over a pixel along the core; there may be gaps between them. */
export function intervalAt(intervals: readonly Interval[], pixel: number): Interval | null {
  return intervals.find((interval) => pixel >= interval.top_px && pixel < interval.base_px) ?? null;
}
