/** What the server says of itself; it needs no key. */
import { queryOptions } from "@tanstack/react-query";
import { client, dataOf } from "./client";
import type { components } from "./schema";

export type Server = components["schemas"]["ServerDocument"];
export type ServedModel = components["schemas"]["ServedModel"];

export const serverQuery = queryOptions({
  queryKey: ["server"],
  queryFn: async ({ signal }) => dataOf(await client.GET("/api/v1/server", { signal })),
  staleTime: Infinity,
});
