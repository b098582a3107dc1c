/** What a package says of itself, in words. */
import type { ModelDetail } from "@/api/client";

export function taskInWords(task: ModelDetail["task"]): string {
  return task === "segmentation" ? "every pixel gets a class" : "every tile gets a class";
}

export function positiveOf(model: ModelDetail): string | null {
  return model.manifest.decision.positive ?? null;
}

export interface Fact {
  name: string;
  value: string;
}

/** What a technical reader asks next. */
export function technicalFacts({ manifest, licence }: ModelDetail): Fact[] {
  const { tiling, input, weights } = manifest;
  return [
    { name: "Tiles", value: tilingInWords(tiling) },
    { name: "The network sees", value: `${input.size_hw.join(" × ")} pixels` },
    { name: "Weights", value: weights.format },
    { name: "SHA-256 of the weights", value: weights.sha256 },
    { name: "Licence of the package", value: licence },
    { name: "Authors", value: manifest.authors.join(", ") || "not named" },
  ];
}

function tilingInWords({ tile_hw, overlap, normalised_width }: ModelDetail["manifest"]["tiling"]): string {
  const size = `${tile_hw.join(" × ")} pixels`;
  const shared = overlap ? `, ${overlap} shared with the next` : "";
  return normalised_width ? `${size}${shared}, of the photo at a width of ${normalised_width}` : `${size}${shared}`;
}
