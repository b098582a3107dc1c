/** The native API, typed by the server's own OpenAPI document (`make ui-types`). */
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";
import { send } from "./send";

export const client = createClient<paths>({ baseUrl: location.origin, fetch: send });

type Schemas = components["schemas"];
export type Job = Schemas["JobDocument"];
export type JobStatus = Job["status"];
export type JobPage = Schemas["JobPage"];
export type Progress = Pick<Job, "status" | "done" | "total" | "tiles_per_s" | "eta_s" | "queue_position">;
export type Batch = Schemas["BatchDocument"];
export type Model = Schemas["ModelSummary"];
export type ModelDetail = Schemas["ModelDocument"];
export type Accepted = Schemas["Accepted"];

/** `send` throws what is no 2xx, so there is data. */
export function dataOf<T>(answer: { data?: T }): T {
  return answer.data as T;
}

export function isOver(status: JobStatus): boolean {
  return status !== "queued" && status !== "started";
}
