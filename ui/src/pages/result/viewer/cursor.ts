/** Where the keyboard points: a tile, or a place on the photo. */
import type { TileGrid } from "../answer/tiles";
import { clamp, type Point, type Size } from "./geometry";

const DIRECTIONS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};
const FAR = 5;
const STEP_PX = 14;

/** Which way a key goes, five times as far with Shift; null if it goes nowhere. */
export function directionOf(key: string, isFar: boolean): Point | null {
  const way = DIRECTIONS[key];
  if (way === undefined) return null;
  return isFar ? { x: way.x * FAR, y: way.y * FAR } : way;
}

/** The tile next to one, or the nearest there is in that direction. */
export function nextTile(grid: TileGrid, from: number, by: Point): number {
  const { row, column } = grid.placeOf(from);
  const to = {
    row: clamp(row + by.y, 0, grid.rows - 1),
    column: clamp(column + by.x, 0, grid.columns - 1),
  };
  return grid.indexOf(to.row, to.column) ?? from;
}

/** A few pixels of the screen further, and never off the photo. */
export function nextPoint(from: Point, by: Point, scale: number, photo: Size): Point {
  const step = Math.max(1, STEP_PX / scale);
  return {
    x: clamp(from.x + by.x * step, 0, photo.width - 1),
    y: clamp(from.y + by.y * step, 0, photo.height - 1),
  };
}
