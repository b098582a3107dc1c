import { expect, it } from "vitest";
import { bins, tallest } from "./histogram";

it("puts every tile into one bin, by label, both ends of the scale included", () => {
  const found = bins([0, 0.24, 0.25, 0.9, 1], ["a", "a", "b", "b", "b"], ["a", "b"], 4);
  expect(found.map((bin) => bin.counts)).toEqual([
    [2, 0],
    [0, 1],
    [0, 0],
    [0, 2],
  ]);
  expect(tallest(found)).toBe(2);
});

it("has a height also where there is nothing", () => {
  expect(tallest(bins([], [], ["a"], 3))).toBe(1);
});
