import { expect, it } from "vitest";
import type { ClassArea } from "./answer";
import { areasAbove, countByConfidence } from "./confidence";

const map = (values: number[]) => ({
  width: values.length,
  height: 1,
  stride: 1,
  full: { width: values.length, height: 1 },
  data: Uint8Array.from(values),
});
const area = (index: number, name: string): ClassArea => ({ index, name, rgb: [0, 0, 0], pixels: 0, share: 0 });

it("counts what is sure enough, as a share of all that is not background", () => {
  const counts = countByConfidence(map([0, 1, 1, 1, 2, 0]), map([255, 100, 200, 255, 50, 0]));
  const areas = [area(1, "sandstone"), area(2, "mudstone")];
  const shares = (least: number) => areasAbove(counts, areas, least).map(({ share }) => share);
  expect(shares(0)).toEqual([0.75, 0.25]);
  expect(shares(200)).toEqual([0.5, 0]);
  expect(shares(255)).toEqual([0.25, 0]);
});

it("has no shares where there is nothing but background", () => {
  const counts = countByConfidence(map([0, 0]), map([9, 9]));
  expect(areasAbove(counts, [area(1, "sandstone")], 0)[0]?.share).toBe(0);
});
