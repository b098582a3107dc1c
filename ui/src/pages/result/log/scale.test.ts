import { expect, it } from "vitest";
import type { Interval } from "../answer/answer";
import type { View } from "../viewer/geometry";
import { clipped, intervalAt, onScreen, shown } from "./scale";

const view: View = { x: 30, y: -200, scale: 0.5, pane: { width: 300, height: 400 } };

it("puts a stretch of core where the photo shows it", () => {
  expect(onScreen(view, "y", 400, 600)).toEqual({ from: 0, length: 100 });
  expect(onScreen(view, "x", 0, 100)).toEqual({ from: 30, length: 50 });
});

it("keeps what is in the pane", () => {
  expect(clipped({ from: -50, length: 80 }, 400)).toEqual({ from: 0, length: 30 });
  expect(clipped({ from: 390, length: 80 }, 400)).toEqual({ from: 390, length: 10 });
  expect(clipped({ from: 400, length: 80 }, 400)).toBeNull();
});

it("knows which part of the core is in view, never more than there is", () => {
  expect(shown(view, "y", 5000)).toEqual([400, 1200]);
  expect(shown(view, "y", 900)).toEqual([400, 900]);
  expect(shown(view, "x", 900)).toEqual([0, 540]);
});

it("finds the interval at a place, and none in a gap", () => {
  const intervals = [
    { top_px: 0, base_px: 10 },
    { top_px: 15, base_px: 20 },
  ] as Interval[];
  expect([9.9, 10, 15].map((pixel) => intervalAt(intervals, pixel)?.top_px)).toEqual([0, undefined, 15]);
});
