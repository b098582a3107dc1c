/**
 * The tray: the photos that this tab has in hand, from the moment they are chosen until their results are looked at.
 * It outlives a change of page; `kept.ts` makes it outlive a reload. Here is what it holds and how that changes.
 */
import type { JobStatus, Progress } from "@/api/client";

export type Phase =
  | "ready" // chosen, and nothing asked yet
  | "waiting" // part of an order, its upload has not begun
  | "uploading"
  | "uploaded" // all bytes are at the server; the order waits for the others
  | "job" // the server has a job for it
  | "refused"; // it never became one; `error` says why

export interface Entry {
  id: string;
  name: string;
  bytes: number;
  phase: Phase;
  /** Bytes that the server has. */
  sent: number;
  /** Address of its resumable upload. */
  upload: string | null;
  order: string | null;
  job: string | null;
  progress: Progress | null;
  error: string | null;
}

/** What was asked for some photos together. Its id is the request's idempotency key. */
export interface Order {
  id: string;
  model: string;
  options: Record<string, unknown>;
  batch: string | null;
}

export interface Tray {
  entries: readonly Entry[];
  orders: readonly Order[];
}

export const EMPTY: Tray = { entries: [], orders: [] };

export function newEntry(id: string, name: string, bytes: number, error: string | null): Entry {
  const phase = error === null ? "ready" : "refused";
  return { id, name, bytes, phase, sent: 0, upload: null, order: null, job: null, progress: null, error };
}

export function changed(tray: Tray, id: string, change: Partial<Entry>): Tray {
  return { ...tray, entries: tray.entries.map((entry) => (entry.id === id ? { ...entry, ...change } : entry)) };
}

/** Without some entries, and without orders that nobody belongs to any more. */
export function without(tray: Tray, ids: ReadonlySet<string>): Tray {
  const entries = tray.entries.filter((entry) => !ids.has(entry.id));
  const needed = new Set(entries.map((entry) => entry.order));
  return { entries, orders: tray.orders.filter((order) => needed.has(order.id)) };
}

/**
 * Everything that is ready is ordered, at most `most` photos at a time.
 *
 * @param orderId gives each order its id
 */
export function ordered(tray: Tray, what: Pick<Order, "model" | "options">, most: number, orderId: () => string): Tray {
  const ready = tray.entries.filter(({ phase }) => phase === "ready");
  const orders: Order[] = [];
  const orderOf = new Map<string, string>();
  for (let from = 0; from < ready.length; from += most) {
    const order = { ...what, id: orderId(), batch: null };
    orders.push(order);
    for (const { id } of ready.slice(from, from + most)) orderOf.set(id, order.id);
  }
  const entries = tray.entries.map((entry) => {
    const order = orderOf.get(entry.id);
    return order === undefined ? entry : { ...entry, phase: "waiting" as const, order };
  });
  return { entries, orders: [...tray.orders, ...orders] };
}

/** After a reload nothing is on its way any more: what was, waits again, and goes on where the server has it. */
export function reopened(tray: Tray): Tray {
  const entries = tray.entries.map((entry) =>
    entry.phase === "uploading" ? { ...entry, phase: "waiting" as const } : entry,
  );
  return { ...tray, entries };
}

/** The entries of an order once none of them is on its way any more; null before, and if nothing is left to send. */
export function readyToSend(tray: Tray, order: string): readonly Entry[] | null {
  const own = tray.entries.filter((entry) => entry.order === order);
  if (own.some(({ phase }) => phase === "waiting" || phase === "uploading")) return null;
  const sent = own.filter(({ phase }) => phase === "uploaded");
  return sent.length > 0 ? sent : null;
}

/** Which photo of a batch an error's sentence is about: the server puts its name in front. */
export function culprit(entries: readonly Entry[], sentence: string): Entry | null {
  const named = entries.filter(({ name }) => sentence.startsWith(`${name}: `));
  return named.reduce<Entry | null>(
    (longest, one) => (one.name.length > (longest?.name.length ?? -1) ? one : longest),
    null,
  );
}

export function hasEnded(entry: Entry): boolean {
  if (entry.phase === "refused") return true;
  return entry.phase === "job" && entry.progress !== null && isOver(entry.progress.status);
}

/** Entries whose jobs run or wait, the oldest first: the order in which the server takes them. */
export function unfinished(tray: Tray): readonly Entry[] {
  return tray.entries.filter((entry) => entry.phase === "job" && !hasEnded(entry));
}

function isOver(status: JobStatus): boolean {
  return status !== "queued" && status !== "started";
}
