import { expect, it } from "vitest";
import type { PixelMap } from "../answer/pixel_map";
import { colourPiece, type Palette } from "./map_painter";

const map: PixelMap = {
  width: 4,
  height: 3,
  stride: 1,
  full: { width: 4, height: 3 },
  data: Uint8Array.from([0, 1, 2, 255, 1, 1, 2, 2, 0, 0, 1, 2]),
};

function palette(masks: (Uint8Array | null)[] = [], least = 0): Palette {
  const colours = new Uint32Array(256);
  const inks = new Uint32Array(256);
  colours.set([0, 11, 22]);
  inks.set([0, 111, 222]);
  return { colours, inks, masks, side: 2, least };
}

it("colours a part of the map; background and unsure pixels stay empty", () => {
  expect([...colourPiece(map, null, { x: 1, y: 0, width: 3, height: 2 }, palette())]).toEqual([11, 22, 0, 11, 22, 22]);
});

it("puts the marks of a pattern where they fall on the photo, whichever part is painted", () => {
  const masks = [null, Uint8Array.from([1, 0, 0, 0]), null];
  const whole = colourPiece(map, null, { x: 0, y: 0, width: 4, height: 3 }, palette(masks));
  expect([...whole]).toEqual([0, 11, 22, 0, 11, 11, 22, 22, 0, 0, 111, 22]);
  expect([...colourPiece(map, null, { x: 2, y: 2, width: 2, height: 1 }, palette(masks))]).toEqual(
    [...whole].slice(10),
  );
});

it("leaves empty what is not sure enough", () => {
  const sure = Uint8Array.from([0, 99, 100, 0, 255, 50, 200, 99, 0, 0, 0, 0]);
  const pixels = colourPiece(map, sure, { x: 0, y: 0, width: 4, height: 2 }, palette([], 100));
  expect([...pixels]).toEqual([0, 0, 22, 0, 11, 0, 22, 0]);
});
