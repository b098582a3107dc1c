/** Whether the server answers. Whoever finds it silent says so; a look at `/livez` now and then finds it back. */
const LOOK_EVERY_MS = 2_000;
const listeners = new Set<() => void>();

let away = false;
let waiting: PromiseWithResolvers<null> | null = null;

export function isAway(): boolean {
  return away;
}

/** A request got no answer: look until there is one. */
export function foundAway(): void {
  if (away) return;
  away = true;
  waiting = Promise.withResolvers<null>();
  tell();
  void lookUntilBack();
}

/** Resolves at once, or as soon as the server answers again. */
export async function whenBack(): Promise<void> {
  await waiting?.promise;
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

async function lookUntilBack(): Promise<void> {
  while (!(await answers())) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  away = false;
  const back = waiting;
  waiting = null;
  back?.resolve(null);
  tell();
}

async function answers(): Promise<boolean> {
  try {
    return (await fetch("/livez", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

function tell(): void {
  for (const listener of listeners) listener();
}
