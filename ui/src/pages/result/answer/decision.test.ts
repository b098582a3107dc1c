import { describe, expect, it } from "vitest";
import { countLabels, decide, isSameDecision, marginOf, movedTo, withMargin, type Decision } from "./decision";

const poles = { positive: "bleached", negative: "healthy" };
const plain: Decision = { threshold: 0.5, band: null };
const banded: Decision = { threshold: 0.5, band: [0.35, 0.55] };

describe("a decision", () => {
  it("is positive at the threshold and above", () => {
    expect([0.499999, 0.5, 0.7].map((p) => decide(p, plain, poles))).toEqual(["healthy", "bleached", "bleached"]);
  });

  it("is unsure inside the band, both ends included", () => {
    const labels = [0.349999, 0.35, 0.55, 0.550001].map((p) => decide(p, banded, poles));
    expect(labels).toEqual(["healthy", "unsure", "unsure", "bleached"]);
  });

  it("takes its band along, and not beyond 0 and 1", () => {
    expect(movedTo(banded, 0.6)).toEqual({ threshold: 0.6, band: [0.45, 0.65] });
    expect(movedTo(banded, 0.1)).toEqual({ threshold: 0.1, band: [0, 0.15] });
    expect(movedTo(plain, 0.1)).toEqual({ threshold: 0.1, band: null });
  });

  it("takes a margin on both sides, or none", () => {
    expect(withMargin(plain, 0.1)).toEqual({ threshold: 0.5, band: [0.4, 0.6] });
    expect(withMargin(banded, 0)).toEqual(plain);
    expect([marginOf(banded), marginOf(plain)]).toEqual([0.15, 0]);
  });

  it("is the same when moved there and back", () => {
    expect(isSameDecision(movedTo(movedTo(banded, 0.62), 0.5), banded)).toBe(true);
    expect(isSameDecision(banded, plain)).toBe(false);
  });
});

it("counts tiles and their share of the area, labels without a tile too", () => {
  const tile = { x: 0, y: 0, height: 100, probability: 0, label: "" };
  const tiles = [
    { ...tile, width: 100 },
    { ...tile, width: 100 },
    { ...tile, width: 50 },
  ];
  expect(countLabels(tiles, ["healthy", "healthy", "bleached"], ["healthy", "bleached", "unsure"])).toEqual([
    { label: "healthy", tiles: 2, share: 0.8 },
    { label: "bleached", tiles: 1, share: 0.2 },
    { label: "unsure", tiles: 0, share: 0 },
  ]);
});
