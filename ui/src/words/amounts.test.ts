import { describe, expect, it } from "vitest";
import { bytes, count, duration, share, sinceOrUntil } from "./amounts";

describe("amounts", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1.0 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [12_345_678, "12 MB"],
    [4_294_967_296, "4.3 GB"],
  ])("says %i bytes as %s", (size, said) => expect(bytes(size)).toBe(said));

  it("counts in the right number", () => {
    expect([count(1, "photo"), count(1_204, "tile"), count(0, "match", "matches")]).toEqual([
      "1 photo",
      "1,204 tiles",
      "0 matches",
    ]);
  });

  it.each([
    [0, "0 %"],
    [0.0002, "< 0.1 %"],
    [0.9713, "97.1 %"],
    [1, "100 %"],
  ])("says a share of %d as %s", (value, said) => expect(share(value)).toBe(said));

  it.each([
    [0.2, "1 s"],
    [59.4, "59 s"],
    [90, "2 min"],
    [5_400, "1.5 h"],
  ])("rounds %d s to %s", (seconds, said) => expect(duration(seconds)).toBe(said));

  it.each([
    [-20_000, "20 seconds ago"],
    [-180_000, "3 minutes ago"],
    [86_400_000, "tomorrow"],
    [-3 * 86_400_000, "3 days ago"],
  ])("says how far %i ms are", (offset, said) => {
    const now = Date.UTC(2026, 2, 1);
    expect(sinceOrUntil(new Date(now + offset).toISOString(), now)).toBe(said);
  });
});
