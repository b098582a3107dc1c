/** How many tiles have which probability, and which label they have there. */
export interface Bin {
  from: number;
  to: number;
  /** Tiles of each label, in the order of the labels. */
  counts: number[];
}

/** Bins of one width from 0 to 1; 1 itself belongs to the last. */
export function bins(
  probabilities: readonly number[],
  of: readonly string[],
  labels: readonly string[],
  count = 25,
): Bin[] {
  const found: Bin[] = Array.from({ length: count }, (_, n) => ({
    from: n / count,
    to: (n + 1) / count,
    counts: labels.map(() => 0),
  }));
  for (const [index, probability] of probabilities.entries()) {
    const bin = found[Math.min(count - 1, Math.floor(probability * count))];
    const label = labels.indexOf(of[index] ?? "");
    if (bin !== undefined && label >= 0) bin.counts[label] = (bin.counts[label] ?? 0) + 1;
  }
  return found;
}

export function tallest(found: readonly Bin[]): number {
  return Math.max(1, ...found.map((bin) => bin.counts.reduce((sum, n) => sum + n, 0)));
}
