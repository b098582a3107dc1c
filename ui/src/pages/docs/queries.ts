/** What the documentation pages ask the server about itself. Neither needs a key. */
import { queryOptions } from "@tanstack/react-query";
import { client, dataOf } from "@/api/client";
import type { components } from "@/api/schema";
import { fetchJson } from "@/api/send";
import type { OpenApiDocument } from "./openapi";

export type Server = components["schemas"]["ServerDocument"];
export type ServedModel = components["schemas"]["ServedModel"];

export const serverQuery = queryOptions({
  queryKey: ["server"],
  queryFn: async ({ signal }) => dataOf(await client.GET("/api/v1/server", { signal })),
  staleTime: Infinity,
});

export const openApiQuery = queryOptions({
  queryKey: ["openapi"],
  queryFn: ({ signal }) => fetchJson<OpenApiDocument>("/openapi.json", signal),
  staleTime: Infinity,
});
