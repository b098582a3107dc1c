/** From the probability of a tile to its label, as the server decides: at or above the threshold it is positive. */
import type { Tile } from "./tiles";

export const UNSURE = "unsure";

export interface Decision {
  threshold: number;
  /** Probabilities between which a tile is unsure, both included; null: never. */
  band: readonly [number, number] | null;
}

export interface Poles {
  positive: string;
  negative: string;
}

export function decide(probability: number, { threshold, band }: Decision, poles: Poles): string {
  if (band !== null && probability >= band[0] && probability <= band[1]) return UNSURE;
  return probability >= threshold ? poles.positive : poles.negative;
}

/** The same decision at another threshold: the unsure band moves along. */
export function movedTo(decision: Decision, threshold: number): Decision {
  const by = threshold - decision.threshold;
  const band = decision.band?.map((edge) => rounded(Math.min(Math.max(edge + by, 0), 1)));
  return { threshold, band: band === undefined ? null : [band[0] ?? 0, band[1] ?? 1] };
}

/** The same decision with an unsure band as wide on both sides of the threshold; 0 takes the band away. */
export function withMargin(decision: Decision, margin: number): Decision {
  const { threshold } = decision;
  if (margin <= 0) return { threshold, band: null };
  return { threshold, band: [rounded(Math.max(0, threshold - margin)), rounded(Math.min(1, threshold + margin))] };
}

/** How far the unsure band reaches from the threshold, on its wider side. */
export function marginOf({ threshold, band }: Decision): number {
  return band === null ? 0 : rounded(Math.max(threshold - band[0], band[1] - threshold));
}

export function isSameDecision(one: Decision, other: Decision): boolean {
  return one.threshold === other.threshold && one.band?.[0] === other.band?.[0] && one.band?.[1] === other.band?.[1];
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

export interface Count {
  label: string;
  tiles: number;
  /** Of the photo's area, 0 to 1. */
  share: number;
}

/** Tiles and area of each label, in the order of `labels`, zeros included. */
export function countLabels(tiles: readonly Tile[], of: readonly string[], labels: readonly string[]): Count[] {
  const found = new Map(labels.map((label) => [label, { tiles: 0, pixels: 0 }]));
  let all = 0;
  for (const [index, tile] of tiles.entries()) {
    const pixels = tile.width * tile.height;
    const entry = found.get(of[index] ?? "");
    all += pixels;
    if (entry === undefined) continue;
    entry.tiles += 1;
    entry.pixels += pixels;
  }
  return [...found].map(([label, entry]) => ({ label, tiles: entry.tiles, share: all ? entry.pixels / all : 0 }));
}
