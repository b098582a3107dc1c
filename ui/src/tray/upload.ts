/** One photo to the server in pieces (tus 1.0): a line that breaks, a server that goes away, or a reload cost nothing. */
import { DetailedError, Upload } from "tus-js-client";
import { foundAway, whenBack } from "@/api/connection";
import { ApiError, problemFrom } from "@/api/problem";
import { KEY_HEADER } from "@/api/send";
import { askForKey, currentKey } from "@/session/key";

const PAUSES_MS = [500, 1_000, 2_000];
const SILENT = new Set([0, 502, 503, 504]);
const PASSING = new Set([
  409,
  423, // the server has not noticed yet that the line before broke
  500, // what a server that ends just now says to an upload in the middle
]);

export interface Steps {
  /** Address of the upload where one was begun before. */
  known: string | null;
  began: (address: string) => void;
  progressed: (bytes: number) => void;
  signal: AbortSignal;
}

/**
 * Send a file, as often as it takes.
 *
 * @returns the upload's address
 * @throws ApiError the server refuses it
 * @throws DOMException `signal` was aborted
 */
export async function sendFile(file: File, steps: Steps): Promise<string> {
  let known = steps.known;
  const began = (address: string) => {
    known = address;
    steps.began(address);
  };
  for (;;) {
    const key = currentKey();
    try {
      return await attempt(file, { ...steps, known, began }, key);
    } catch (error) {
      steps.signal.throwIfAborted();
      const problem = problemOf(error);
      if (problem.status === 401 && (await askForKey(key)) !== null) continue;
      if (!SILENT.has(problem.status)) throw problem;
      foundAway();
      await whenBack();
    }
  }
}

function attempt(file: File, { known, began, progressed, signal }: Steps, key: string | null): Promise<string> {
  return new Promise((resolve, reject) => {
    const upload = new Upload(file, {
      endpoint: new URL("/api/v1/uploads", location.origin).href,
      uploadUrl: known,
      metadata: { filename: file.name },
      headers: key === null ? {} : { [KEY_HEADER]: key },
      storeFingerprintForResuming: false,
      retryDelays: PAUSES_MS,
      onShouldRetry: (error) => {
        const status = statusOf(error);
        if (SILENT.has(status)) foundAway();
        return SILENT.has(status) || PASSING.has(status);
      },
      onUploadUrlAvailable: () => began(upload.url ?? ""),
      onProgress: progressed,
      onError: reject,
      onSuccess: () => resolve(upload.url ?? ""),
    });
    signal.addEventListener("abort", () => {
      void upload.abort();
      reject(signal.reason as Error);
    });
    upload.start();
  });
}

function statusOf(error: Error): number {
  return error instanceof DetailedError ? (error.originalResponse?.getStatus() ?? 0) : -1;
}

function problemOf(error: unknown): ApiError {
  if (!(error instanceof DetailedError)) return new ApiError("The browser cannot read this file any more.", -1, "file");
  return problemFrom(error.originalResponse?.getBody() ?? "", statusOf(error));
}
