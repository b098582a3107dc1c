/** What came of a job, whatever its task: what is painted, counted and read at a place. */
import type { ClassStyle } from "./class_style";
import type { Decision, Poles } from "./decision";
import type { PixelMap } from "./pixel_map";
import type { TileGrid } from "./tiles";

/** A stretch of one class along the core, as `summary.json` has it. */
export interface Interval {
  top_m: number | null;
  base_m: number | null;
  length_m: number | null;
  index: number;
  name: string;
  /** Of the class among all core pixels here. */
  share: number;
  confidence: number;
  top_px: number;
  base_px: number;
}

export interface ClassArea {
  index: number;
  name: string;
  rgb: number[];
  pixels: number;
  share: number;
}

export interface Summary {
  model: string;
  model_sha256: string;
  task: string;
  width: number;
  height: number;
  options: Record<string, unknown>;
  tiles?: { total: number; by_class: Record<string, number> };
  classes?: ClassArea[];
  covered_share?: number;
  core_axis?: "x" | "y";
  intervals?: Interval[];
  domain?: { score: number; limit: number; out_of_domain: boolean };
  timings_s: Record<string, number>;
}

export interface TileAnswer {
  kind: "tiles";
  grid: TileGrid;
  /** Every label, the positive one first. */
  styles: ClassStyle[];
  /** The two labels a threshold decides between; null where the package has none. */
  poles: Poles | null;
  /** As the job was decided. */
  stored: Decision;
}

export interface Core {
  axis: "x" | "y";
  intervals: Interval[];
  /** Of the photo along the core, pixels. */
  length: number;
}

export interface MapAnswer {
  kind: "map";
  styles: ClassStyle[];
  areas: ClassArea[];
  coveredShare: number;
  core: Core | null;
}

/** The maps of a `MapAnswer`; they come later, for they are large. */
export interface Maps {
  labels: PixelMap | null;
  confidence: PixelMap | null;
}

export type Answer = TileAnswer | MapAnswer;
