import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { client, dataOf, isOver, type Job } from "@/api/client";
import { fetchBlob } from "@/api/send";
import { readTable } from "./table";

const MOST = 200; // more than one request may bring
const LOOK_EVERY_MS = 1_500;

function batchJobsQuery(batch: string) {
  return queryOptions({
    queryKey: ["batches", batch, "jobs"],
    queryFn: async ({ signal }) =>
      dataOf(await client.GET("/api/v1/jobs", { params: { query: { batch, limit: MOST } }, signal })).jobs,
    refetchInterval: ({ state }) => (state.data?.some(({ status }) => !isOver(status)) ? LOOK_EVERY_MS : false),
  });
}

/** The jobs of a batch as they are now, and its table as of the last job that ended. */
export function useBatch(batch: string) {
  const jobs = useQuery(batchJobsQuery(batch));
  const ended = jobs.data?.filter(({ status }) => isOver(status)).length ?? 0;
  const table = useQuery({
    queryKey: ["batches", batch, "table", ended, jobs.data?.length],
    queryFn: async ({ signal }) =>
      readTable(await (await fetchBlob(`/api/v1/batches/${encodeURIComponent(batch)}/summary.csv`, signal)).text()),
    enabled: jobs.isSuccess,
    placeholderData: keepPreviousData,
  });
  return { jobs, table, ended };
}

/** Tiles looked at and tiles in all, as far as they are counted; photos that wait count as none of one. */
export function tilesOf(jobs: readonly Job[]): number {
  if (jobs.length === 0) return 0;
  const shares = jobs.map(({ status, done, total }) => (isOver(status) ? 1 : total > 0 ? done / total : 0));
  return shares.reduce((sum, one) => sum + one, 0) / jobs.length;
}
