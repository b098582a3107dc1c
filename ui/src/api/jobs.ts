/** Jobs, models and batches: the calls, and the names under which their answers are kept. */
import { queryOptions } from "@tanstack/react-query";
import { client, dataOf, type Job, type Model, type ModelDetail, type Progress } from "./client";
import { watchEvents } from "./events";

/** A colour has three numbers, which openapi-fetch forgets: hence the `as`. */
export const modelsQuery = queryOptions({
  queryKey: ["models"],
  queryFn: async ({ signal }) => dataOf(await client.GET("/api/v1/models", { signal })).models as Model[],
  staleTime: Infinity,
});

export function modelQuery(reference: string) {
  return queryOptions({
    queryKey: ["models", reference],
    queryFn: async ({ signal }) =>
      dataOf(
        await client.GET("/api/v1/models/{reference}", { params: { path: { reference } }, signal }),
      ) as ModelDetail,
    staleTime: Infinity,
  });
}

export function jobQuery(id: string) {
  return queryOptions({
    queryKey: ["jobs", "one", id],
    queryFn: async ({ signal }) =>
      dataOf(await client.GET("/api/v1/jobs/{job_id}", { params: { path: { job_id: id } }, signal })),
  });
}

export function batchQuery(id: string) {
  return queryOptions({
    queryKey: ["batches", id],
    queryFn: async ({ signal }) =>
      dataOf(await client.GET("/api/v1/batches/{batch}", { params: { path: { batch: id } }, signal })),
  });
}

export async function cancelJob(id: string): Promise<Job> {
  return dataOf(await client.POST("/api/v1/jobs/{job_id}/cancel", { params: { path: { job_id: id } } }));
}

export async function deleteJob(id: string): Promise<void> {
  await client.DELETE("/api/v1/jobs/{job_id}", { params: { path: { job_id: id } } });
}

/** Where a job is, as it happens, until it is over; `null` when it is gone. */
export async function* watchJob(id: string, signal: AbortSignal): AsyncGenerator<Progress | null, void> {
  const ends = ({ event }: { event: string }) => event === "end" || event === "gone";
  for await (const event of watchEvents(`/api/v1/jobs/${id}/events`, ends, signal)) {
    yield event.event === "gone" ? null : (JSON.parse(event.data) as Progress);
  }
}
