/** Reads a map away from the page, which stays free meanwhile. */
import type { PixelMap } from "./pixel_map";
import { readPixelMap } from "./png_map";

export interface MapOrder {
  file: Blob;
  isTiff: boolean;
  mostPixels: number;
}

export type MapReply = { map: PixelMap } | { sentence: string };

self.addEventListener("message", ({ data }: MessageEvent<MapOrder>) => {
  read(data).then(
    (map) => self.postMessage({ map } satisfies MapReply, { transfer: [map.data.buffer] }),
    (error: unknown) => self.postMessage({ sentence: String(error) } satisfies MapReply),
  );
});

async function read({ file, isTiff, mostPixels }: MapOrder): Promise<PixelMap> {
  if (!isTiff) return readPixelMap(file.stream(), mostPixels);
  const { readTiffMap } = await import("./tiff_map");
  return readTiffMap(file, mostPixels);
}
