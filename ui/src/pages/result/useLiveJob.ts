import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { isOver, type Job } from "@/api/client";
import { jobQuery, watchJob } from "@/api/jobs";

/** Keeps what is known of a job true while it waits and runs; at its end it is asked for anew, with its results. */
export function useLiveJob(job: Job | undefined): void {
  const queries = useQueryClient();
  const id = job?.id;
  const isLive = job !== undefined && !isOver(job.status);
  useEffect(() => {
    if (!isLive || id === undefined) return;
    const { queryKey } = jobQuery(id);
    const stop = new AbortController();
    const follow = async () => {
      for await (const progress of watchJob(id, stop.signal)) {
        if (progress === null || isOver(progress.status)) break;
        queries.setQueryData(queryKey, (known) => (known === undefined ? known : { ...known, ...progress }));
      }
    };
    follow()
      .catch(() => undefined) // asking for the job tells what is wrong
      .finally(() => {
        if (!stop.signal.aborted) void queries.invalidateQueries({ queryKey });
      });
    return () => stop.abort();
  }, [queries, id, isLive]);
}
