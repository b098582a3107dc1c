import { describe, expect, it } from "vitest";
import type { Job } from "@/api/client";
import type { MapAnswer, Summary, TileAnswer } from "./answer";
import { composeAnswer, storedDecision, type KnownModel } from "./compose";
import { depthsOf, metresAt } from "./depths";
import { readPixel, readTile } from "./reading";

const CSV = "x,y,width,height,probability,label\n0,0,244,244,0.8,bleached\n244,0,100,244,0.1,healthy\n";
const job = { options: { threshold: 0.4 } } as unknown as Job;
const model: KnownModel = {
  classes: [
    { index: 0, name: "healthy", rgb: [34, 197, 94] },
    { index: 1, name: "bleached", rgb: [239, 68, 68] },
  ],
  manifest: { decision: { threshold: 0.5, positive: "bleached", unsure_band: null } },
};
const tileSummary = { options: {}, tiles: { total: 2, by_class: { healthy: 1, bleached: 1 } } } as unknown as Summary;

describe("an answer of tiles", () => {
  it("names the positive class first, then the others, then unsure", () => {
    const answer = composeAnswer(job, tileSummary, CSV, model) as TileAnswer;
    expect(answer.styles.map(({ name }) => name)).toEqual(["bleached", "healthy", "unsure"]);
    expect(answer.poles).toEqual({ positive: "bleached", negative: "healthy" });
  });

  it("was decided as the job said, or else the package", () => {
    expect(storedDecision({ threshold: 0.4, unsure_band: [0.3, 0.5] }, model)).toEqual({
      threshold: 0.4,
      band: [0.3, 0.5],
    });
    expect(storedDecision({}, model)).toEqual({ threshold: 0.5, band: null });
  });

  it("was decided with the unsure band that a wanted error rate chose", () => {
    const told = { ...tileSummary, unsure_band: [0.3, 0.6] } as unknown as Summary;
    const answer = composeAnswer({ options: { error_rate: 0.1 } } as unknown as Job, told, CSV, model) as TileAnswer;
    expect(answer.stored).toEqual({ threshold: 0.5, band: [0.3, 0.6] });
  });

  it("can be looked at when its package is gone, without a threshold", () => {
    const answer = composeAnswer(job, tileSummary, CSV, null) as TileAnswer;
    expect(answer.poles).toBeNull();
    expect(answer.styles.map(({ name }) => name)).toEqual(["healthy", "bleached"]);
  });

  it("says of a tile what it is and how likely", () => {
    const answer = composeAnswer(job, tileSummary, CSV, model) as TileAnswer;
    const reading = readTile(answer, ["bleached", "healthy"], 1);
    expect(reading?.name).toBe("Healthy");
    expect(reading?.detail).toBe("Probability of bleached 0.100 · row 1, column 2");
    expect(readTile(answer, [], 2)).toBeNull();
  });
});

describe("an answer of a map", () => {
  const areas = [
    { index: 1, name: "sandstone", rgb: [174, 199, 232], pixels: 2, share: 0.5 },
    { index: 255, name: "unsure", rgb: [0, 0, 0], pixels: 2, share: 0.5 },
  ];
  const summary = { classes: areas, width: 2, height: 8, covered_share: 0.25, core_axis: "y" } as unknown as Summary;
  const answer = composeAnswer(job, { ...summary, intervals: [] }, null, model) as MapAnswer;

  it("paints rock, and nothing where it is unsure", () => {
    expect(answer.styles.map(({ name }) => name)).toEqual(["sandstone"]);
    expect(answer.areas).toHaveLength(2);
  });

  it("has no log without intervals", () => {
    expect(answer.core).toBeNull();
  });

  it("says of a pixel what it is, how sure and how deep", () => {
    const map = (values: number[]) => ({
      width: 2,
      height: 4,
      stride: 2,
      full: { width: 4, height: 8 },
      data: Uint8Array.from(values),
    });
    const maps = { labels: map([1, 0, 255, 0, 0, 0, 0, 0]), confidence: map([204, 255, 0, 0, 0, 0, 0, 0]) };
    const depths = depthsOf({ depth_top_m: 10, depth_base_m: 12 }, "y", 8);
    const read = (x: number, y: number) => readPixel(maps, answer.styles, { x, y }, depths);
    expect(read(1.5, 1)).toMatchObject({ name: "Sandstone", detail: "Confidence 80% · 10.25 m · x 1, y 1" });
    expect(read(3, 0)?.name).toBe("Background");
    expect(read(0, 2)?.name).toBe("Unsure");
  });
});

it("knows depths only where both were given", () => {
  expect(depthsOf({ depth_top_m: 1 }, "x", 10)).toBeNull();
  expect(metresAt({ axis: "x", top: 100, base: 103, length: 300 }, 100)).toBe(101);
});
