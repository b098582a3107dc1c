import { expect, it } from "vitest";
import { TileGrid } from "../answer/tiles";
import { directionOf, nextPoint, nextTile } from "./cursor";

const tile = { width: 10, height: 10, probability: 0, label: "" };
const grid = new TileGrid([0, 1, 2, 3, 4, 5].map((n) => ({ ...tile, x: (n % 3) * 10, y: Math.floor(n / 3) * 10 })));

it("goes from tile to tile and stays on the photo", () => {
  expect(nextTile(grid, 0, { x: 1, y: 0 })).toBe(1);
  expect(nextTile(grid, 1, { x: 0, y: 1 })).toBe(4);
  expect(nextTile(grid, 4, { x: 5, y: 0 })).toBe(5);
  expect(nextTile(grid, 0, { x: -1, y: 0 })).toBe(0);
});

it("goes further with Shift, and nowhere with other keys", () => {
  expect(directionOf("ArrowUp", false)).toEqual({ x: 0, y: -1 });
  expect(directionOf("ArrowRight", true)).toEqual({ x: 5, y: 0 });
  expect(directionOf("a", false)).toBeNull();
});

it("goes the same way on the screen however far the photo is zoomed, a pixel at least", () => {
  const photo = { width: 1000, height: 500 };
  expect(nextPoint({ x: 100, y: 100 }, { x: 1, y: 0 }, 0.5, photo)).toEqual({ x: 128, y: 100 });
  expect(nextPoint({ x: 100, y: 100 }, { x: 0, y: -1 }, 100, photo)).toEqual({ x: 100, y: 99 });
  expect(nextPoint({ x: 990, y: 499 }, { x: 5, y: 5 }, 0.5, photo)).toEqual({ x: 999, y: 499 });
});
