/** The API key: in this tab's session storage and in a header, nowhere else. */
const NAME = "facies-key";
const listeners = new Set<() => void>();

let declined = false;
let asking: { refused: boolean; resolve: (key: string | null) => void; answer: Promise<string | null> } | null = null;

export function currentKey(): string | null {
  return sessionStorage.getItem(NAME);
}

export function keepKey(key: string): void {
  sessionStorage.setItem(NAME, key);
  tell();
}

export function forgetKey(): void {
  declined = false;
  sessionStorage.removeItem(NAME);
  tell();
}

/** Whether somebody was asked and had none; then nobody is asked again until they want to be. */
export function hasDeclined(): boolean {
  return declined;
}

/** Ask although there was no key the last time. */
export function askAgain(): Promise<string | null> {
  declined = false;
  return askForKey(null);
}

/**
 * Ask the person for a key, once for all requests that wait for one.
 *
 * @param refused the key that the server did not take, null if none was sent
 * @returns the key, or null if the person has none
 */
export function askForKey(refused: string | null): Promise<string | null> {
  const known = currentKey();
  if (known !== null && known !== refused) return Promise.resolve(known); // another request has asked meanwhile
  if (declined) return Promise.resolve(null);
  if (asking === null) {
    if (refused !== null) sessionStorage.removeItem(NAME);
    const { promise, resolve } = Promise.withResolvers<string | null>();
    asking = { refused: refused !== null, resolve, answer: promise };
    tell();
  }
  return asking.answer;
}

/** What the prompt shows: null while nobody asks. */
export function question(): "first" | "again" | null {
  if (asking === null) return null;
  return asking.refused ? "again" : "first";
}

export function answerQuestion(key: string | null): void {
  const asked = asking;
  asking = null;
  declined = key === null;
  if (key !== null) keepKey(key);
  asked?.resolve(key);
  tell();
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(): void {
  for (const listener of listeners) listener();
}
