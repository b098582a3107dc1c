import { useQuery } from "@tanstack/react-query";
import { useState, useSyncExternalStore } from "react";
import { useSearchParams } from "react-router";
import type { Job } from "@/api/client";
import { modelsQuery } from "@/api/jobs";
import { sentenceOf } from "@/api/problem";
import { Button, ButtonLink } from "@/parts/Button";
import { Empty } from "@/parts/Empty";
import { Notice } from "@/parts/Notice";
import { Page } from "@/parts/Page";
import { count } from "@/words/amounts";
import { Filters } from "./Filters";
import { JobRow } from "./JobRow";
import { removal } from "./removal";
import { readSearch, type Search, writeSearch } from "./search";
import { UndoBar } from "./UndoBar";
import { useJobs } from "./useJobs";
import styles from "./Jobs.module.css";

export default function JobsPage() {
  const [parameters, setParameters] = useSearchParams();
  const search = readSearch(parameters);
  const { data: models } = useQuery(modelsQuery);
  const found = useJobs(search);
  const hidden = useSyncExternalStore(removal.subscribe, removal.hidden);
  const jobs = (found.data?.pages ?? []).flatMap((page) => page.jobs).filter(({ id }) => !hidden.has(id));
  const problem = useSyncExternalStore(removal.subscribe, removal.problem);
  const isNarrow = writeSearch(search).size > 0;
  const narrow = (next: Search) => setParameters(writeSearch(next), { replace: true });

  return (
    <Page title="Jobs" lead="Every photo you sent, the newest first, through whichever API it came.">
      <Filters search={search} models={models ?? []} onChange={narrow} />
      {found.isError ? <Notice kind="bad">{sentenceOf(found.error)}</Notice> : null}
      {problem === null ? null : <Notice kind="bad">{problem}</Notice>}
      {found.isPending ? <Waiting /> : null}
      {found.isSuccess && jobs.length === 0 ? <NoJobs isNarrow={isNarrow} /> : null}
      {jobs.length > 0 ? (
        <JobList jobs={jobs} hasMore={found.hasNextPage} isBusy={found.isPlaceholderData}>
          {found.hasNextPage ? (
            <Button disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
              {found.isFetchingNextPage ? "Loading …" : "Show older jobs"}
            </Button>
          ) : null}
        </JobList>
      ) : null}
      <UndoBar />
    </Page>
  );
}

interface ListProps {
  jobs: readonly Job[];
  hasMore: boolean;
  isBusy: boolean;
  children: React.ReactNode;
}

function JobList({ jobs, hasMore, isBusy, children }: ListProps) {
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const listed = `${count(jobs.length, "job")}${hasMore ? " and older ones" : ""}`;
  const chosen = jobs.filter(({ id }) => picked.has(id));
  const remove = (gone: readonly Job[]) => {
    removal.begin(gone.map(({ id, photo }) => ({ id, name: photo.name })));
    setPicked(new Set());
  };
  const pick = (id: string, isPicked: boolean) => {
    const next = new Set(picked);
    if (isPicked) next.add(id);
    else next.delete(id);
    setPicked(next);
  };
  return (
    <div className={styles["list"]} aria-busy={isBusy}>
      <div className={styles["bar"]}>
        <div className={styles["all"]}>
          <input
            type="checkbox"
            aria-label="Choose all jobs shown"
            checked={chosen.length === jobs.length}
            onChange={(event) => setPicked(new Set(event.target.checked ? jobs.map(({ id }) => id) : []))}
          />
          <span role="status">{chosen.length > 0 ? `${count(chosen.length, "job")} chosen` : listed}</span>
        </div>
        {chosen.length > 0 ? (
          <Button look="danger" small onClick={() => remove(chosen)}>
            Delete {count(chosen.length, "job")}
          </Button>
        ) : null}
      </div>
      <ul className={styles["rows"]}>
        {jobs.map((job) => (
          <JobRow
            key={job.id}
            job={job}
            isPicked={picked.has(job.id)}
            onPick={(isPicked) => pick(job.id, isPicked)}
            onDelete={() => remove([job])}
          />
        ))}
      </ul>
      <div className={styles["more"]}>{children}</div>
    </div>
  );
}

function NoJobs({ isNarrow }: { isNarrow: boolean }) {
  if (isNarrow)
    return (
      <Empty title="No job is like that" action={<ButtonLink to="/jobs">Show all jobs</ButtonLink>}>
        Try another part of the photo&rsquo;s name, or another status.
      </Empty>
    );
  return (
    <Empty
      title="No jobs yet"
      action={
        <ButtonLink to="/" look="main">
          Analyse a photo
        </ButtonLink>
      }
    >
      What you analyse is listed here until its time runs out, with its results to look at and to take away.
    </Empty>
  );
}

function Waiting() {
  return (
    <div className={styles["waiting"]} role="status">
      <span className="visually-hidden">Loading the jobs</span>
    </div>
  );
}
