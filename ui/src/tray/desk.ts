/** Works the tray off: sends photos, orders jobs when all of an order are there, and watches them until they end. */
import { client, dataOf, type Job, type Progress } from "@/api/client";
import { whenBack } from "@/api/connection";
import { cancelJob, deleteJob, watchJob } from "@/api/jobs";
import { ApiError, sentenceOf, UNREACHABLE } from "@/api/problem";
import { dropFile, keepFile, keepTray, keptTray, randomId } from "./kept";
import { preview, refusal } from "./photo";
import {
  changed,
  culprit,
  EMPTY,
  hasEnded,
  newEntry,
  ordered,
  readyToSend,
  reopened,
  unfinished,
  without,
  type Entry,
  type Tray,
} from "./tray";
import { sendFile } from "./upload";

const UPLOADS_AT_ONCE = 2;
const STREAMS_AT_ONCE = 2; // a browser opens six connections to a server, and each stream holds one
const LOOK_EVERY_MS = 3_000;

export class Desk {
  #tray: Tray = EMPTY;
  readonly #files = new Map<string, File>();
  readonly #previews = new Map<string, string | null>();
  readonly #sending = new Map<string, AbortController>();
  readonly #watching = new Map<string, AbortController>();
  readonly #ordering = new Set<string>();
  readonly #listeners = new Set<() => void>();
  #opened: Promise<void> | null = null;

  readonly tray = (): Tray => this.#tray;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Take up what was in hand before a reload, once. */
  open(): Promise<void> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  previewOf(id: string): string | null {
    return this.#previews.get(id) ?? null;
  }

  async add(files: readonly File[]): Promise<void> {
    for (const file of files) {
      const entry = newEntry(randomId(), file.name, file.size, await refusal(file));
      if (entry.error === null) {
        this.#files.set(entry.id, file);
        void keepFile(entry.id, file);
      }
      this.#become({ ...this.#tray, entries: [...this.#tray.entries, entry] });
      if (entry.error === null) void this.#makePreview(entry.id, file);
    }
  }

  /** Everything that is ready is sent, and analysed by `model`; several photos are a batch. */
  order(model: string, options: Record<string, unknown>, most: number): void {
    this.#become(ordered(this.#tray, { model, options }, most, randomId));
  }

  /** Stop a photo wherever it is: its upload ends, its job is cancelled. What was only chosen is taken away. */
  async stop(id: string): Promise<void> {
    const entry = this.#find(id);
    if (entry === undefined) return;
    if (entry.phase === "job" && entry.job !== null && !hasEnded(entry)) {
      try {
        this.#take(id, await cancelJob(entry.job));
      } catch (error) {
        this.#change(id, { error: sentenceOf(error) });
      }
      return;
    }
    this.remove([id]);
  }

  /** Take rows away; jobs that were made stay with the server. */
  remove(ids: readonly string[]): void {
    const gone = new Set(ids);
    for (const id of gone) this.#letGo(id);
    this.#become(without(this.#tray, gone));
  }

  /** The same photo once more, with what was asked for it before. */
  async again(id: string): Promise<void> {
    const entry = this.#find(id);
    const order = this.#tray.orders.find((one) => one.id === entry?.order);
    if (entry === undefined || order === undefined) return;
    if (entry.job !== null && entry.upload === null) return;
    const anew = { id: randomId(), model: order.model, options: order.options, batch: null };
    const former = entry.job;
    this.#become({ ...this.#tray, orders: [...this.#tray.orders, anew] });
    const phase = entry.upload !== null && entry.sent === entry.bytes ? "uploaded" : "waiting";
    this.#change(id, { phase, order: anew.id, job: null, progress: null, error: null });
    if (former !== null) await deleteJob(former).catch(() => undefined); // it may be gone already
  }

  canTryAgain(entry: Entry): boolean {
    if (entry.order === null || !hasEnded(entry) || entry.progress?.status === "finished") return false;
    return entry.upload !== null || this.#files.has(entry.id);
  }

  async #open(): Promise<void> {
    const { tray, files } = await keptTray();
    for (const [id, file] of files) {
      this.#files.set(id, file);
      void this.#makePreview(id, file);
    }
    const lost = tray.entries.filter(
      ({ id, phase }) => ["ready", "waiting", "uploading"].includes(phase) && !files.has(id),
    );
    const kept = without(reopened(tray), new Set(lost.map(({ id }) => id)));
    this.#become({ entries: [...kept.entries, ...this.#tray.entries], orders: [...kept.orders, ...this.#tray.orders] });
    document.addEventListener("visibilitychange", () => this.#work());
    setInterval(() => void this.#lookAtOthers(), LOOK_EVERY_MS);
  }

  #find(id: string): Entry | undefined {
    return this.#tray.entries.find((entry) => entry.id === id);
  }

  #change(id: string, change: Partial<Entry>): void {
    this.#become(changed(this.#tray, id, change));
  }

  #become(tray: Tray): void {
    const isOnlyProgress = tray.orders === this.#tray.orders && sameSteps(tray, this.#tray);
    this.#tray = tray;
    for (const listener of this.#listeners) listener();
    if (isOnlyProgress) return;
    void keepTray(tray);
    this.#work();
  }

  #work(): void {
    this.#sendNext();
    this.#orderNext();
    this.#watchNext();
  }

  #sendNext(): void {
    for (const entry of this.#tray.entries) {
      if (this.#sending.size >= UPLOADS_AT_ONCE) return;
      const file = this.#files.get(entry.id);
      if (entry.phase === "waiting" && file !== undefined && !this.#sending.has(entry.id)) void this.#send(entry, file);
    }
  }

  async #send(entry: Entry, file: File): Promise<void> {
    const { id } = entry;
    const control = new AbortController();
    this.#sending.set(id, control);
    const sent = sendFile(file, {
      known: entry.upload,
      began: (address) => this.#change(id, { upload: address }),
      progressed: (bytes) => this.#change(id, { sent: bytes }),
      signal: control.signal,
    });
    this.#change(id, { phase: "uploading", error: null }); // after it: this begins to send the next one
    try {
      const upload = await sent;
      void dropFile(id);
      this.#sending.delete(id);
      this.#change(id, { phase: "uploaded", upload, sent: entry.bytes });
    } catch (error) {
      this.#sending.delete(id);
      if (control.signal.aborted) this.#work();
      else this.#change(id, { phase: "refused", error: sentenceOf(error) });
    }
  }

  #orderNext(): void {
    for (const { id } of this.#tray.orders) {
      const entries = readyToSend(this.#tray, id);
      if (entries !== null && !this.#ordering.has(id)) void this.#placeOrder(id, entries);
    }
  }

  async #placeOrder(id: string, entries: readonly Entry[]): Promise<void> {
    const order = this.#tray.orders.find((one) => one.id === id);
    if (order === undefined) return;
    this.#ordering.add(id);
    try {
      const accepted = dataOf(
        await client.POST("/api/v1/jobs", {
          params: { header: { "idempotency-key": `${id}-${entries.length}` } },
          body: { uploads: entries.map(uploadId), model: order.model, options: order.options } as never,
        }),
      );
      const made = new Map(entries.map((entry, place) => [entry.id, accepted.jobs[place]?.id ?? null]));
      this.#become({
        orders: this.#tray.orders.map((one) => (one.id === id ? { ...one, batch: accepted.batch } : one)),
        entries: this.#tray.entries.map((entry) =>
          made.has(entry.id) ? { ...entry, phase: "job", job: made.get(entry.id) ?? null } : entry,
        ),
      });
    } catch (error) {
      await this.#orderFailed(entries, error);
    } finally {
      this.#ordering.delete(id);
      this.#orderNext();
    }
  }

  /** One broken photo refuses a batch: the others are ordered without it. */
  async #orderFailed(entries: readonly Entry[], error: unknown): Promise<void> {
    if (isUnreachable(error)) return whenBack();
    const sentence = sentenceOf(error);
    const broken = entries.length > 1 ? culprit(entries, sentence) : null;
    if (broken !== null) {
      this.#change(broken.id, { phase: "refused", error: sentence.slice(broken.name.length + 2) });
      return;
    }
    const ids = new Set(entries.map((entry) => entry.id));
    this.#become({
      ...this.#tray,
      entries: this.#tray.entries.map((entry) =>
        ids.has(entry.id) ? { ...entry, phase: "refused", error: sentence } : entry,
      ),
    });
  }

  /** Follow the first jobs that are not over as they happen, while somebody looks at the page. */
  #watchNext(): void {
    const wanted = document.hidden ? [] : unfinished(this.#tray).slice(0, STREAMS_AT_ONCE);
    const jobs = new Set(wanted.map(({ job }) => job));
    for (const [job, control] of this.#watching) if (!jobs.has(job)) control.abort();
    for (const { id, job } of wanted) if (job !== null && !this.#watching.has(job)) void this.#watch(id, job);
  }

  async #watch(id: string, job: string): Promise<void> {
    const control = new AbortController();
    this.#watching.set(job, control);
    try {
      for await (const progress of watchJob(job, control.signal)) {
        if (progress === null) this.remove([id]);
        else if (progress.status === "queued" || progress.status === "started") this.#change(id, { progress });
        else await this.#lookAtEnd(id, job);
      }
    } catch (error) {
      if (isUnreachable(error)) await whenBack();
      else this.#change(id, { phase: "refused", error: sentenceOf(error) });
    } finally {
      this.#watching.delete(job);
      this.#watchNext();
    }
  }

  /** An event does not say why a job failed; the job does. */
  async #lookAtEnd(id: string, job: string): Promise<void> {
    const params = { path: { job_id: job } };
    this.#take(id, dataOf(await client.GET("/api/v1/jobs/{job_id}", { params })));
  }

  #take(id: string, job: Job): void {
    this.#change(id, { progress: progressOf(job), error: job.error?.message ?? null });
  }

  /** The jobs that nobody streams, a page a batch now and then: their places in the queue. */
  async #lookAtOthers(): Promise<void> {
    const others = unfinished(this.#tray).filter(({ job }) => job !== null && !this.#watching.has(job));
    if (document.hidden || others.length === 0) return;
    const batches = new Set(others.map((entry) => this.#tray.orders.find(({ id }) => id === entry.order)?.batch));
    for (const batch of batches) {
      if (typeof batch === "string") await this.#lookAtBatch(batch).catch(() => undefined); // the next look will tell
    }
  }

  async #lookAtBatch(batch: string): Promise<void> {
    const query = { batch, limit: 200 };
    const { jobs } = dataOf(await client.GET("/api/v1/jobs", { params: { query } }));
    const found = new Map(jobs.map((job) => [job.id, job]));
    const entries = this.#tray.entries.map((entry) => {
      const job = entry.job === null || this.#watching.has(entry.job) ? undefined : found.get(entry.job);
      return job === undefined ? entry : { ...entry, progress: progressOf(job), error: job.error?.message ?? null };
    });
    this.#become({ ...this.#tray, entries });
  }

  async #makePreview(id: string, file: File): Promise<void> {
    this.#previews.set(id, await preview(file));
    this.#become({ ...this.#tray });
  }

  #letGo(id: string): void {
    this.#sending.get(id)?.abort(new DOMException("stopped", "AbortError"));
    this.#sending.delete(id);
    this.#files.delete(id);
    void dropFile(id);
    const shown = this.#previews.get(id);
    if (shown) URL.revokeObjectURL(shown);
    this.#previews.delete(id);
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof ApiError && error.code === UNREACHABLE;
}

function progressOf(job: Job): Progress {
  const { status, done, total, tiles_per_s, eta_s, queue_position } = job;
  return { status, done, total, tiles_per_s, eta_s, queue_position };
}

function uploadId({ upload }: Entry): string {
  return upload?.split("/").at(-1) ?? "";
}

/** Whether two trays differ in bytes and tiles at most. */
function sameSteps(one: Tray, other: Tray): boolean {
  if (one.entries.length !== other.entries.length) return false;
  return one.entries.every((entry, place) => {
    const before = other.entries[place];
    return (
      before?.id === entry.id &&
      before.phase === entry.phase &&
      before.upload === entry.upload &&
      hasEnded(before) === hasEnded(entry)
    );
  });
}

export const desk = new Desk();
