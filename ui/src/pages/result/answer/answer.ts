/** What came of a job, whatever its task: what is painted, counted and read at a place. */
import type { components } from "@/api/schema";
import type { ClassStyle } from "./class_style";
import type { Decision, Poles } from "./decision";
import type { PixelMap } from "./pixel_map";
import type { TileGrid } from "./tiles";

type Schemas = components["schemas"];
export type Interval = Schemas["IntervalDocument"];
export type ClassArea = Schemas["AreaDocument"];

/** How far a photo lies from those that its model was trained on. */
export interface DomainFinding {
  score: number;
  limit: number;
  out_of_domain: boolean;
}

export type Summary = Schemas["SummaryDocument"] & { domain?: DomainFinding | null };

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
