/** What the documentation pages ask the server about itself. Neither needs a key. */
import { queryOptions } from "@tanstack/react-query";
import { fetchJson } from "@/api/send";
import type { OpenApiDocument } from "./openapi";

export { serverQuery, type ServedModel, type Server } from "@/api/server";

export const openApiQuery = queryOptions({
  queryKey: ["openapi"],
  queryFn: ({ signal }) => fetchJson<OpenApiDocument>("/openapi.json", signal),
  staleTime: Infinity,
});
