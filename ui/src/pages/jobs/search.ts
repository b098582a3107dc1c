/** What the list of jobs is narrowed down to. It stands in the address, so that a list can be kept and come back to. */
import type { JobStatus } from "@/api/client";

export interface Search {
  name: string;
  model: string;
  status: Shown;
}

export type Shown = "all" | "open" | "finished" | "failed" | "cancelled";

export const SHOWN: Readonly<Record<Shown, { word: string; statuses: readonly JobStatus[] }>> = {
  all: { word: "All", statuses: [] },
  open: { word: "Under way", statuses: ["queued", "started"] },
  finished: { word: "Finished", statuses: ["finished"] },
  failed: { word: "Failed", statuses: ["failed"] },
  cancelled: { word: "Cancelled", statuses: ["cancelled"] },
};

export function readSearch(parameters: URLSearchParams): Search {
  const status = parameters.get("status") ?? "all";
  return {
    name: parameters.get("name") ?? "",
    model: parameters.get("model") ?? "",
    status: Object.hasOwn(SHOWN, status) ? (status as Shown) : "all",
  };
}

export function writeSearch(search: Search): URLSearchParams {
  const kept = Object.entries(search).filter(([, value]) => value !== "" && value !== "all");
  return new URLSearchParams(kept as [string, string][]);
}

/** The cursor in the address of the next page. */
export function cursorOf(next: string | null): string | null {
  return next === null ? null : new URL(next, "http://server").searchParams.get("cursor");
}
