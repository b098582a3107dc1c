/** From pixels along the core to metres in the hole. */
export interface Depths {
  axis: "x" | "y";
  top: number;
  base: number;
  /** Of the photo along the core, pixels. */
  length: number;
}

export function depthsOf(options: Record<string, unknown>, axis: "x" | "y", length: number): Depths | null {
  const { depth_top_m: top, depth_base_m: base } = options;
  return typeof top === "number" && typeof base === "number" ? { axis, top, base, length } : null;
}

export function metresAt({ top, base, length }: Depths, pixel: number): number {
  return top + ((base - top) * pixel) / length;
}
