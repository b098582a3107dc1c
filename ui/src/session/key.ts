/** The API key: in this tab's session storage and in a header, nowhere else. */
const NAME = "facies-key";
const listeners = new Set<() => void>();

let asking: { refused: boolean; resolve: (key: string | null) => void; answer: Promise<string | null> } | null = null;

export function currentKey(): string | null {
  return sessionStorage.getItem(NAME);
}

export function keepKey(key: string): void {
  sessionStorage.setItem(NAME, key);
  tell();
}

export function forgetKey(): void {
  sessionStorage.removeItem(NAME);
  tell();
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
  if (asking === null) {
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
