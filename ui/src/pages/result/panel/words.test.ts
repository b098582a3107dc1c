import { expect, it } from "vitest";
import { percent, seconds } from "./words";

it("says times", () => {
  expect([0.147, 2.3841, 59, 61, 3725].map(seconds)).toEqual(["147 ms", "2.38 s", "59 s", "1 min 1 s", "1 h 2 min"]);
});

it("says shares, and does not call nothing what is little", () => {
  expect([0, 0.0001, 0.0694, 1].map(percent)).toEqual(["0.0 %", "< 0.1 %", "6.9 %", "100.0 %"]);
});
