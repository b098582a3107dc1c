/** What the documentation pages ask the server beside what it says of itself. */
import { queryOptions } from "@tanstack/react-query";
import { fetchJson } from "@/api/send";
import type { OpenApiDocument } from "./openapi";

export const openApiQuery = queryOptions({
  queryKey: ["openapi"],
  queryFn: ({ signal }) => fetchJson<OpenApiDocument>("/openapi.json", signal),
  staleTime: Infinity,
});
