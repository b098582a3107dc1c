/** Reads a map away from the page, which stays free meanwhile. */
import { readPixelMap, type PixelMap } from "./png_map";

export interface MapOrder {
  file: Blob;
  mostPixels: number;
}

export type MapReply = { map: PixelMap } | { sentence: string };

self.addEventListener("message", ({ data: { file, mostPixels } }: MessageEvent<MapOrder>) => {
  readPixelMap(file.stream(), mostPixels).then(
    (map) => self.postMessage({ map } satisfies MapReply, { transfer: [map.data.buffer] }),
    (error: unknown) => self.postMessage({ sentence: String(error) } satisfies MapReply),
  );
});
