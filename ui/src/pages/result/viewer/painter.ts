import type { View } from "./geometry";

/** What is painted over the photo. */
export interface Look {
  /** 0 shows the photo, 1 the colours. */
  opacity: number;
  /** Names of classes that are not painted. */
  hidden: ReadonlySet<string>;
  withPatterns: boolean;
  /** Confidence below which a map is not painted, 0 to 1. */
  least?: number;
}

export interface Painter {
  /**
   * Paint the answer onto an empty canvas.
   *
   * @param ratio pixels of the canvas a CSS pixel
   */
  paint(context: CanvasRenderingContext2D, view: View, ratio: number, look: Look): void;
}
