import { useQuery } from "@tanstack/react-query";
import type { Job } from "@/api/client";
import { modelQuery } from "@/api/jobs";
import { ApiError } from "@/api/problem";
import { fetchBlob, fetchJson } from "@/api/send";
import { useMemo } from "react";
import type { Answer, Maps, Summary } from "./answer";
import { composeAnswer, type KnownModel } from "./compose";
import { fetchMap } from "./fetch_map";

export interface Loaded {
  summary: Summary;
  answer: Answer;
}

/** The results of a job that has finished; undefined while they come. */
export function useAnswer(job: Job): { loaded: Loaded | undefined; error: Error | null } {
  const { links } = job;
  const summary = useQuery({
    queryKey: ["results", job.id, "summary"],
    queryFn: ({ signal }) => fetchJson<Summary>(links["summary"] ?? "", signal),
    staleTime: Infinity,
  });
  const tiles = useQuery({
    queryKey: ["results", job.id, "tiles"],
    queryFn: async ({ signal }) => (await fetchBlob(links["tiles_csv"] ?? "", signal)).text(),
    enabled: "tiles_csv" in links,
    staleTime: Infinity,
  });
  const model = useQuery(modelQuery(job.model));
  const isModelGone = model.error instanceof ApiError && model.error.status === 404;
  const tilesCsv = "tiles_csv" in links ? tiles.data : null;
  const document: KnownModel | null | undefined = isModelGone ? null : model.data;
  const loaded = useMemo(() => {
    if (summary.data === undefined || tilesCsv === undefined || document === undefined) return undefined;
    return { summary: summary.data, answer: composeAnswer(job, summary.data, tilesCsv, document) };
  }, [job, summary.data, tilesCsv, document]);
  return { loaded, error: summary.error ?? tiles.error ?? (isModelGone ? null : model.error) };
}

const MOST_CONFIDENCE_BYTES = 64 * 2 ** 20; // of some 900 million pixels; a label map has a fifth of that

/** The label map and how sure it is, once they have come; of the largest photos the latter is too large to fetch. */
export function useMaps({ id, links }: Job): Maps & { error: Error | null } {
  const path = links["labels"] ?? links["labels_tif"];
  const labels = useQuery({ ...mapQuery(id, path), enabled: path !== undefined });
  const confidencePath = links["confidence"] ?? links["confidence_tif"];
  const confidence = useQuery({
    ...mapQuery(id, confidencePath, MOST_CONFIDENCE_BYTES),
    enabled: labels.data !== undefined && confidencePath !== undefined,
  });
  return { labels: labels.data ?? null, confidence: confidence.data ?? null, error: labels.error };
}

function mapQuery(id: string, path = "", mostBytes = Infinity) {
  return {
    queryKey: ["results", id, "map", path],
    queryFn: ({ signal }: { signal: AbortSignal }) => fetchMap(path, mostBytes, signal),
    staleTime: Infinity,
    gcTime: 60_000,
  };
}
