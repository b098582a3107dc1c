import type { RefObject } from "react";
import type { Core } from "../answer/answer";
import type { View } from "../viewer/geometry";
import type { PhotoZoom } from "../viewer/photo_zoom";

/** Bring a place along the core into the middle, and leave the other direction as it is. */
export function centre(
  core: Core,
  pixel: number,
  view: View,
  zoom: RefObject<PhotoZoom | null>,
  isAtOnce = false,
): void {
  const { pane, scale } = view;
  const across = core.axis === "x" ? (pane.height / 2 - view.y) / scale : (pane.width / 2 - view.x) / scale;
  zoom.current?.centreOn(core.axis === "x" ? { x: pixel, y: across } : { x: across, y: pixel }, isAtOnce);
}
