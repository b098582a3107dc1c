/** An answer out of what the server gives: the summary, the package's manifest where it is still there, the tiles. */
import type { Job } from "@/api/client";
import type { Answer, MapAnswer, Summary, TileAnswer } from "./answer";
import { styleOf, unsureStyle, type ClassStyle } from "./class_style";
import { UNSURE, type Decision, type Poles } from "./decision";
import { readTiles, TileGrid } from "./tiles";

/** What is needed of a package here. */
export interface KnownModel {
  classes: readonly { index: number; name: string; rgb: readonly number[] }[];
  manifest: { decision: { threshold: number; positive?: string | null; unsure_band?: readonly number[] | null } };
}

const UNSURE_INDEX = 255;
const OTHER_RGBS = [
  [0, 114, 178],
  [230, 159, 0],
  [0, 158, 115],
  [204, 121, 167],
  [86, 180, 233],
  [213, 94, 0],
];

/**
 * @param tilesCsv content of `tiles.csv`, null for a map
 * @param model null where the server has the package no more
 */
export function composeAnswer(job: Job, summary: Summary, tilesCsv: string | null, model: KnownModel | null): Answer {
  return tilesCsv === null ? mapAnswer(summary) : tileAnswer(job, summary, tilesCsv, model);
}

function tileAnswer(job: Job, summary: Summary, tilesCsv: string, model: KnownModel | null): TileAnswer {
  const grid = new TileGrid(readTiles(tilesCsv));
  const poles = model === null ? null : polesOf(model);
  const band = asBand(summary["unsure_band"]); // as an error rate chose it
  const stored = storedDecision(
    { ...job.options, ...summary.options, ...(band === null ? {} : { unsure_band: band }) },
    model,
  );
  const found = Object.keys(summary.tiles?.by_class ?? {}).filter((name) => name !== UNSURE);
  const known = model?.classes ?? found.map((name, index) => ({ index, name, rgb: OTHER_RGBS[index % 6] ?? [] }));
  const styles = known.map(styleOf).sort((one, other) => rank(one, poles) - rank(other, poles));
  const canBeUnsure = poles !== null || UNSURE in (summary.tiles?.by_class ?? {});
  return {
    kind: "tiles",
    grid,
    poles,
    stored,
    styles: canBeUnsure ? [...styles, unsureStyle(known.length)] : styles,
  };
}

/** The positive class is what is looked for, so it comes first. */
function rank(style: ClassStyle, poles: Poles | null): number {
  return style.name === poles?.positive ? -1 : style.index;
}

function polesOf({ manifest, classes }: KnownModel): Poles | null {
  const positive = manifest.decision.positive;
  const negative = classes.find((entry) => entry.name !== positive)?.name;
  return positive == null || negative === undefined || classes.length !== 2 ? null : { positive, negative };
}

export function storedDecision(options: Record<string, unknown>, model: KnownModel | null): Decision {
  const own = model?.manifest.decision;
  const threshold = typeof options["threshold"] === "number" ? options["threshold"] : (own?.threshold ?? 0.5);
  return { threshold, band: asBand(options["unsure_band"]) ?? asBand(own?.unsure_band) };
}

function asBand(value: unknown): [number, number] | null {
  if (!Array.isArray(value)) return null;
  const [low, high] = value as unknown[];
  return typeof low === "number" && typeof high === "number" ? [low, high] : null;
}

function mapAnswer(summary: Summary): MapAnswer {
  const areas = [...(summary.classes ?? [])].sort((one, other) => other.share - one.share);
  const { core_axis: axis, intervals } = summary;
  const hasLog = axis != null && intervals != null && intervals.length > 0;
  return {
    kind: "map",
    areas,
    styles: areas.map(styleOf).filter(({ index }) => index !== UNSURE_INDEX),
    coveredShare: summary.covered_share ?? 0,
    core: hasLog ? { axis, intervals, length: axis === "x" ? summary.width : summary.height } : null,
  };
}
