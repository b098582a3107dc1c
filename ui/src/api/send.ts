/** One request to the server: with the key, asked for again where the server wants one, and errors as ApiError. */
import { askForKey, currentKey } from "@/session/key";
import { foundAway } from "./connection";
import { problemOf, unreachable } from "./problem";

export const KEY_HEADER = "api-key";

const SILENT_PROXY = new Set([502, 504]);

/**
 * Send a request.
 *
 * @returns the answer, whose status is 2xx or 304
 * @throws ApiError the server said no, or nothing; what `signal` aborted throws as fetch does
 */
export async function send(request: Request): Promise<Response> {
  for (;;) {
    const key = currentKey();
    const response = await attempt(request.clone(), key);
    if (response.ok || response.status === 304) return response;
    if (response.status !== 401 || (await askForKey(key)) === null) throw await problemOf(response);
  }
}

async function attempt(request: Request, key: string | null): Promise<Response> {
  if (key !== null) request.headers.set(KEY_HEADER, key);
  let response: Response;
  try {
    response = await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    foundAway();
    throw unreachable();
  }
  if (SILENT_PROXY.has(response.status)) {
    foundAway();
    throw unreachable();
  }
  return response;
}

/** The bytes at an address of this server, such as a picture, a table or a download. */
export async function fetchBlob(path: string, signal?: AbortSignal): Promise<Blob> {
  return (await send(new Request(new URL(path, location.origin), { signal: signal ?? null }))).blob();
}

/** The same, or null where there are more than `mostBytes` of them, of which none is waited for. */
export async function fetchBlobUpTo(mostBytes: number, path: string, signal: AbortSignal): Promise<Blob | null> {
  const response = await send(new Request(new URL(path, location.origin), { signal }));
  if (Number(response.headers.get("content-length")) <= mostBytes) return response.blob();
  await response.body?.cancel();
  return null;
}

/** JSON at an address of this server that the OpenAPI document does not type, such as a job's `summary.json`. */
export async function fetchJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await send(new Request(new URL(path, location.origin), { signal: signal ?? null }))).json()) as T;
}
