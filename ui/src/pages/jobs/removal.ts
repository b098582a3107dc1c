/** Deleting with a moment to think again: a job leaves the list at once and the server a few seconds later. */
import { deleteJob } from "@/api/jobs";
import { ApiError, sentenceOf } from "@/api/problem";
import { KEY_HEADER } from "@/api/send";
import { currentKey } from "@/session/key";

export const UNDO_MS = 6_000;

const GONE = new Set([404, 410]);

interface Pending {
  jobs: readonly { id: string; name: string }[];
  timer: ReturnType<typeof setTimeout>;
}

export class Removal {
  #pending: Pending | null = null;
  /** Out of sight, but perhaps not gone yet. */
  #hidden: ReadonlySet<string> = new Set();
  readonly #listeners = new Set<() => void>();

  #problem: string | null = null;

  constructor(private readonly remove: (id: string) => Promise<void>) {}

  readonly hidden = (): ReadonlySet<string> => this.#hidden;
  readonly pending = (): Pending | null => this.#pending;
  /** Why something could not be deleted the last time. */
  readonly problem = (): string | null => this.#problem;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Hide jobs, and delete them unless `undo` comes first. What was to be deleted before is deleted now. */
  begin(jobs: Pending["jobs"]): void {
    void this.finish();
    this.#pending = { jobs, timer: setTimeout(() => void this.finish(), UNDO_MS) };
    this.#problem = null;
    this.#hidden = new Set([...this.#hidden, ...jobs.map(({ id }) => id)]);
    this.#tell();
  }

  undo(): void {
    const given = this.#forget();
    this.#show(given);
  }

  async finish(): Promise<void> {
    const given = this.#forget();
    this.#tell();
    const ends = await Promise.allSettled(given.map((id) => this.remove(id)));
    const errors = new Map(given.flatMap((id, place) => failure(id, ends[place])));
    if (errors.size === 0) return;
    this.#problem = sentenceOf([...errors.values()][0]);
    this.#show([...errors.keys()]);
  }

  #forget(): string[] {
    if (this.#pending === null) return [];
    clearTimeout(this.#pending.timer);
    const ids = this.#pending.jobs.map(({ id }) => id);
    this.#pending = null;
    return ids;
  }

  #show(ids: readonly string[]): void {
    this.#hidden = new Set([...this.#hidden].filter((id) => !ids.includes(id)));
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** What is gone already need not be deleted. */
function failure(id: string, end: PromiseSettledResult<void> | undefined): [string, unknown][] {
  if (end?.status !== "rejected") return [];
  const error: unknown = end.reason;
  return error instanceof ApiError && GONE.has(error.status) ? [] : [[id, error]];
}

/** A page that is closed cannot wait for an answer; the request goes out all the same. */
export function deleteOnLeaving(removal: Removal): void {
  const key = currentKey();
  const headers = new Headers(key === null ? [] : [[KEY_HEADER, key]]);
  for (const { id } of removal.pending()?.jobs ?? [])
    void fetch(`/api/v1/jobs/${id}`, { method: "DELETE", headers, keepalive: true });
}

export const removal = new Removal(deleteJob);
addEventListener("pagehide", () => deleteOnLeaving(removal));
