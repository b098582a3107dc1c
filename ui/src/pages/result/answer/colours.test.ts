import { expect, it } from "vitest";
import { css, inkOn, luminance, packed, type Rgb } from "./colours";
import { patternOf } from "./patterns";

const ROCKS: Record<string, Rgb> = {
  sandstone: [174, 199, 232],
  siltstone: [255, 187, 120],
  mudstone: [152, 223, 138],
  dolomite: [255, 152, 150],
  limestone: [197, 176, 213],
  anhydrite: [140, 86, 75],
  "interlayered sandstones and mudstones": [227, 119, 194],
  "interlayered siltstones and mudstones": [127, 127, 127],
  conglomerate: [188, 189, 34],
  crust: [23, 190, 207],
  "marl rock": [158, 218, 229],
};

it("draws marks that stand out from their colour, at least 3 to 1", () => {
  for (const rgb of [...Object.values(ROCKS), [239, 68, 68], [34, 197, 94], [0, 0, 90], [255, 255, 255]] as Rgb[]) {
    const [light = 0, dark = 0] = [luminance(rgb), luminance(inkOn(rgb))].sort((a, b) => b - a);
    expect((light + 0.05) / (dark + 0.05)).toBeGreaterThan(3);
  }
});

it("gives every rock a pattern of its own", () => {
  const patterns = Object.keys(ROCKS).map((name, index) => JSON.stringify(patternOf(name, index)));
  expect(new Set(patterns).size).toBe(patterns.length);
});

it("gives classes that nobody knows patterns that differ too", () => {
  const patterns = Array.from({ length: 10 }, (_, index) => JSON.stringify(patternOf(`class ${index}`, index)));
  expect(new Set(patterns).size).toBe(10);
});

it("writes a colour for CSS and for a canvas", () => {
  expect(css([1, 2, 3])).toBe("rgb(1 2 3)");
  expect(css([1, 2, 3], 0.5)).toBe("rgb(1 2 3 / 0.5)");
  expect([...new Uint8Array(new Uint32Array([packed([1, 2, 3])]).buffer)]).toEqual([1, 2, 3, 255]);
});
