/** What of a job can be taken home, and where it is. */
import type { Job } from "@/api/client";
import type { Decision, Poles } from "../answer/decision";
import type { Tile } from "../answer/tiles";
import type { Look } from "../viewer/painter";
import { stemOf } from "./stem";

export interface Download {
  name: string;
  /** Format, and what it holds. */
  hint: string;
  path: string;
  file: string;
}

const FILES: readonly { link: string; name: string; hint: string; ending: string }[] = [
  { link: "overlay_zip", name: "Overlay", hint: "ZIP, a deep zoom as files", ending: "overlay.zip" },
  { link: "labels", name: "Label map", hint: "PNG, class indices", ending: "labels.png" },
  { link: "confidence", name: "Confidence", hint: "PNG, grey, 255 is certain", ending: "confidence.png" },
  { link: "labels_tif", name: "Label map", hint: "BigTIFF, class indices", ending: "labels.tif" },
  { link: "confidence_tif", name: "Confidence", hint: "BigTIFF, 255 is certain", ending: "confidence.tif" },
  { link: "intervals_csv", name: "Log", hint: "CSV, intervals along the core", ending: "intervals.csv" },
  { link: "tiles_csv", name: "Tiles", hint: "CSV, every tile", ending: "tiles.csv" },
  { link: "tiles_geojson", name: "Tiles for a GIS", hint: "GeoJSON, in pixels", ending: "tiles.geojson" },
  { link: "summary", name: "Summary", hint: "JSON, the numbers", ending: "summary.json" },
];

/**
 * @param names of all classes that can be painted
 * @param withLegend name the colours beside the overlay
 */
export function downloadsOf(job: Job, look: Look, names: readonly string[], withLegend: boolean): Download[] {
  const stem = stemOf(job.photo.name);
  const kept = FILES.flatMap(({ link, name, hint, ending }) => {
    const path = job.links[link];
    return path === undefined ? [] : [{ name, hint, path, file: `${stem}-${ending}` }];
  });
  const overlay = job.links["overlay"];
  const photo = job.links["photo"];
  return [
    ...(overlay === undefined
      ? []
      : [
          {
            name: "Overlay",
            hint: "PNG, with this opacity and these classes",
            path: overlayPath(overlay, look, names, withLegend),
            file: `${stem}-overlay.png`,
          },
        ]),
    ...kept,
    ...(photo === undefined ? [] : [{ name: "Photo", hint: "as it was sent", path: photo, file: job.photo.name }]),
  ];
}

export function overlayPath(path: string, look: Look, names: readonly string[], withLegend: boolean): string {
  const query = new URLSearchParams({ opacity: look.opacity.toFixed(2) });
  if (names.some((name) => look.hidden.has(name))) {
    query.set("classes", names.filter((name) => !look.hidden.has(name)).join(","));
  }
  if (withLegend) query.set("legend", "true");
  return `${path}?${query}`;
}

/** `tiles.csv` as it is decided on the page now. */
export function tilesCsv(tiles: readonly Tile[], labels: readonly string[]): Blob {
  const rows = tiles.map(({ x, y, width, height, probability }, index) =>
    [x, y, width, height, probability, quoted(labels[index] ?? "")].join(","),
  );
  return new Blob([["x,y,width,height,probability,label", ...rows, ""].join("\n")], { type: "text/csv" });
}

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function decisionName({ threshold, band }: Decision, poles: Poles): string {
  return `${poles.positive} from ${threshold.toFixed(2)}${band === null ? "" : `, unsure ${band[0]} to ${band[1]}`}`;
}
