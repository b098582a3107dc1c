import { fetchBlobUpTo } from "@/api/send";
import type { MapOrder, MapReply } from "./map_worker";
import type { PixelMap } from "./pixel_map";

const MOST_PIXELS = 8_000_000;

/**
 * A map of a job, read by a worker of its own; what `signal` aborts is left unread.
 *
 * @returns null where its file has more than `mostBytes`
 */
export async function fetchMap(path: string, mostBytes: number, signal: AbortSignal): Promise<PixelMap | null> {
  const file = await fetchBlobUpTo(mostBytes, path, signal);
  if (file === null) return null;
  const worker = new Worker(new URL("./map_worker.ts", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      const fail = (sentence: string) => reject(new Error(sentence));
      signal.addEventListener("abort", () => fail("It is not wanted any more."), { once: true });
      worker.addEventListener("error", () => fail("The map could not be read."));
      worker.addEventListener("message", ({ data }: MessageEvent<MapReply>) => {
        if ("map" in data) resolve(data.map);
        else fail(data.sentence);
      });
      worker.postMessage({ file, isTiff: path.endsWith(".tif"), mostPixels: MOST_PIXELS } satisfies MapOrder);
    });
  } finally {
    worker.terminate();
  }
}
