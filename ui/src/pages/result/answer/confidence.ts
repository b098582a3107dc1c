/** How much of each class is how sure, so that areas follow a least confidence at once. */
import type { ClassArea } from "./answer";
import type { PixelMap } from "./pixel_map";

const LEVELS = 256;

/** Pixels of each class at each level of confidence: `counts[class * 256 + level]`. */
export function countByConfidence(labels: PixelMap, confidence: PixelMap): Uint32Array {
  const counts = new Uint32Array(LEVELS * LEVELS);
  const { data: sure } = confidence;
  labels.data.forEach((index, n) => {
    const place = index * LEVELS + (sure[n] ?? 0);
    counts[place] = (counts[place] ?? 0) + 1;
  });
  return counts;
}

/**
 * The classes' areas where only what is sure enough counts.
 *
 * @param counts from `countByConfidence`
 * @param areas of all classes but the background, as they are stored
 * @param least level of confidence, 0 to 255
 * @returns the same classes with their share of all that is not background; what is not sure enough has no class
 */
export function areasAbove(counts: Uint32Array, areas: readonly ClassArea[], least: number): ClassArea[] {
  const all = areas.reduce((sum, { index }) => sum + sumOf(counts, index, 0), 0);
  return areas.map((area) => {
    const pixels = sumOf(counts, area.index, least);
    return { ...area, pixels, share: all === 0 ? 0 : pixels / all };
  });
}

function sumOf(counts: Uint32Array, index: number, least: number): number {
  return counts.subarray(index * LEVELS + least, (index + 1) * LEVELS).reduce((sum, n) => sum + n, 0);
}
