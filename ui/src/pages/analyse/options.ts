/** What may be chosen for an analysis, and what is sent of it: only what differs from the package's own. */
import type { Model } from "@/api/client";

export interface Chosen {
  threshold: number | null;
  /** From and to which probability a tile is called unsure. */
  unsure: readonly [number, number] | null;
  /** Or: how many tiles of each class may get the other's label. */
  errorRate: number | null;
  /** Pixels that are less sure are called unsure. */
  minConfidence: number | null;
  opacity: number | null;
  /** As typed, metres. */
  depthTop: string;
  depthBase: string;
}

export const NOTHING_CHOSEN: Chosen = {
  threshold: null,
  unsure: null,
  errorRate: null,
  minConfidence: null,
  opacity: null,
  depthTop: "",
  depthBase: "",
};

/** @returns null while something cannot be used as it is */
export function toOptions(chosen: Chosen, task: Model["task"]): Record<string, unknown> | null {
  if (task === "tile-classification")
    return given({ threshold: chosen.threshold, unsure_band: chosen.unsure, error_rate: chosen.errorRate });
  if (depthProblem(chosen) !== null) return null;
  return given({
    opacity: chosen.opacity,
    min_confidence: chosen.minConfidence,
    depth_top_m: metres(chosen.depthTop),
    depth_base_m: metres(chosen.depthBase),
  });
}

/** Why the depths cannot be used, in a sentence; null if they can, or there are none. */
export function depthProblem({ depthTop, depthBase }: Chosen): string | null {
  const [top, base] = [metres(depthTop), metres(depthBase)];
  if (depthTop.trim() === "" && depthBase.trim() === "") return null;
  if (top === null || base === null) return "Give both depths, in metres.";
  if (top < 0 || base <= top) return "The base must lie below the top, and neither may be negative.";
  return null;
}

function metres(typed: string): number | null {
  const text = typed.trim().replace(",", ".");
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}

function given(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
