import { describe, expect, it } from "vitest";
import { depthProblem, NOTHING_CHOSEN, toOptions } from "./options";

describe("toOptions", () => {
  it("sends nothing of what was left as it is", () => {
    expect(toOptions(NOTHING_CHOSEN, "tile-classification")).toEqual({});
    expect(toOptions(NOTHING_CHOSEN, "segmentation")).toEqual({});
  });

  it("sends what suits the task", () => {
    const tiles = { ...NOTHING_CHOSEN, threshold: 0.4, unsure: [0.3, 0.6] as const };
    expect(toOptions(tiles, "tile-classification")).toEqual({ threshold: 0.4, unsure_band: [0.3, 0.6] });
    const rate = { ...NOTHING_CHOSEN, errorRate: 0.1 };
    expect(toOptions(rate, "tile-classification")).toEqual({ error_rate: 0.1 });
    const map = { ...NOTHING_CHOSEN, opacity: 0.7, minConfidence: 0.6, depthTop: "12,5", depthBase: "13.4" };
    expect(toOptions(map, "segmentation")).toEqual({
      opacity: 0.7,
      min_confidence: 0.6,
      depth_top_m: 12.5,
      depth_base_m: 13.4,
    });
  });

  it.each([
    ["12", ""],
    ["12", "twelve"],
    ["12", "12"],
    ["-1", "3"],
  ])("waits for depths that can be used: %s to %s", (depthTop, depthBase) => {
    const chosen = { ...NOTHING_CHOSEN, depthTop, depthBase };
    expect(depthProblem(chosen)).not.toBeNull();
    expect(toOptions(chosen, "segmentation")).toBeNull();
    expect(toOptions(chosen, "tile-classification")).toEqual({});
  });
});
