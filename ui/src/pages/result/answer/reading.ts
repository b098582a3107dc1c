/** What is at one place of the photo, in words. */
import type { Box, Point } from "../viewer/geometry";
import { capitalised, type ClassStyle } from "./class_style";
import type { Maps, TileAnswer } from "./answer";
import { metresAt, type Depths } from "./depths";
import { valueAt } from "./pixel_map";

export interface Reading {
  /** Class, or what else is there. */
  name: string;
  /** How sure, and where. */
  detail: string;
  style: ClassStyle | null;
  /** What it is true of, on the photo. */
  box: Box;
  /** Whether that is a mere point, which a mouse shows by itself. */
  isPoint: boolean;
}

const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });

export function readTile(
  { grid, styles, poles }: TileAnswer,
  labels: readonly string[],
  index: number,
): Reading | null {
  const tile = grid.tiles[index];
  if (tile === undefined) return null;
  const label = labels[index] ?? tile.label;
  const { row, column } = grid.placeOf(index);
  const of = poles === null ? "" : ` of ${poles.positive}`;
  return {
    name: capitalised(label),
    detail: `Probability${of} ${tile.probability.toFixed(3)} · row ${row + 1}, column ${column + 1}`,
    style: styles.find(({ name }) => name === label) ?? null,
    box: tile,
    isPoint: false,
  };
}

const UNSURE_INDEX = 255;

export function readPixel(
  { labels, confidence }: Maps,
  styles: readonly ClassStyle[],
  point: Point,
  depths: Depths | null,
): Reading | null {
  if (labels === null) return null;
  const [x, y] = [Math.floor(point.x), Math.floor(point.y)];
  const index = valueAt(labels, x, y);
  const style = styles.find((entry) => entry.index === index) ?? null;
  const name = style === null ? (index === UNSURE_INDEX ? "Unsure" : "Background") : capitalised(style.name);
  const sure = confidence === null ? [] : [`Confidence ${percent.format(valueAt(confidence, x, y) / 255)}`];
  const depth = depths === null ? [] : [`${metresAt(depths, depths.axis === "x" ? point.x : point.y).toFixed(2)} m`];
  return {
    name,
    detail: [...sure, ...depth, `x ${x}, y ${y}`].join(" · "),
    style,
    box: { x, y, width: labels.stride, height: labels.stride },
    isPoint: true,
  };
}
