/** Patterns as pixels, for what is painted on a canvas. */
import { css, inkOn } from "../answer/colours";
import type { ClassStyle } from "../answer/class_style";
import { PATTERN_SIDE, type Pattern } from "../answer/patterns";

const LINE_WIDTH = 1.6;
const INKED = 96;

/** One repeat of a class's marks, `side` pixels wide, on nothing. */
export function patternTile({ pattern, rgb }: ClassStyle, side: number): HTMLCanvasElement | null {
  return isPlain(pattern) ? null : drawn(pattern, side, css(inkOn(rgb)));
}

/** Which of `side` × `side` pixels the marks of a pattern cover: 1 or 0; null where there are none. */
export function patternMask(pattern: Pattern, side: number): Uint8Array | null {
  if (isPlain(pattern)) return null;
  const pixels = drawn(pattern, side, "#000").getContext("2d")?.getImageData(0, 0, side, side).data;
  if (pixels === undefined) return null;
  return Uint8Array.from({ length: side * side }, (_, n) => ((pixels[4 * n + 3] ?? 0) > INKED ? 1 : 0));
}

function isPlain(pattern: Pattern): boolean {
  return pattern.lines === undefined && pattern.shapes === undefined;
}

function drawn({ lines, shapes }: Pattern, side: number, ink: string): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) return canvas;
  context.scale(side / PATTERN_SIDE, side / PATTERN_SIDE);
  context.fillStyle = context.strokeStyle = ink;
  context.lineWidth = Math.max(LINE_WIDTH, PATTERN_SIDE / side);
  if (lines !== undefined) context.stroke(new Path2D(lines));
  if (shapes !== undefined) context.fill(new Path2D(shapes));
  return canvas;
}
