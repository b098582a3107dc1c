import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { client, dataOf, isOver, type JobPage } from "@/api/client";
import { cursorOf, SHOWN, type Search } from "./search";

const PAGE = 24;
const LOOK_EVERY_MS = 2_500;

function jobsQuery({ name, model, status }: Search) {
  const statuses = SHOWN[status].statuses;
  return infiniteQueryOptions({
    queryKey: ["jobs", "list", name, model, status],
    queryFn: async ({ pageParam, signal }): Promise<JobPage> => {
      const query = {
        limit: PAGE,
        ...(name ? { photo_name: name } : {}),
        ...(model ? { model } : {}),
        ...(statuses.length > 0 ? { status: [...statuses] } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      return dataOf(await client.GET("/api/v1/jobs", { params: { query }, signal }));
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => cursorOf(next),
  });
}

/** The jobs of a search, page by page; asked for again while one of them is under way. */
export function useJobs(search: Search) {
  return useInfiniteQuery({
    ...jobsQuery(search),
    placeholderData: (before) => before,
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ jobs }) => jobs.some(({ status }) => !isOver(status))) ? LOOK_EVERY_MS : false,
  });
}
