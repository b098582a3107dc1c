/** Where the viewer's pictures come from: every one is fetched as all else is, with the key in a header. */
import type OpenSeadragon from "openseadragon";
import { fetchBlob } from "@/api/send";
import type { Size } from "./geometry";

type Library = typeof OpenSeadragon;

const SMALL_PIXELS = 4_000_000;
const DECODED_SIDE = 2048;
const MOST_BYTES = 12_000_000;
const MOST_PIXELS = 40_000_000;

export interface PhotoFile {
  path: string;
  name: string;
  bytes: number;
  size: Size;
}

/** Whether the photo as it was sent shows everything there is to see, so that no deep zoom is needed. */
export function isSmall(photo: PhotoFile): boolean {
  return isQuick(photo) && photo.size.width * photo.size.height <= SMALL_PIXELS;
}

/** Whether the photo as it was sent is quickly there to be looked at until the deep zoom is; no browser shows a TIFF. */
export function isQuick({ name, size, bytes }: PhotoFile): boolean {
  return !/\.tiff?$/i.test(name) && size.width * size.height <= MOST_PIXELS && bytes <= MOST_BYTES;
}

/** The photo as it was sent, as one picture; a large one is made smaller while it is decoded. */
export function photoSource(library: Library, photo: PhotoFile): OpenSeadragon.TileSource {
  const { width, height } = photo.size;
  const shrink = isSmall(photo) ? 1 : Math.min(1, DECODED_SIDE / Math.max(width, height));
  const options: ImageBitmapOptions =
    shrink < 1 ? { resizeWidth: Math.max(1, Math.round(width * shrink)), resizeQuality: "medium" } : {};
  const side = Math.max(width, height);
  return fetched(library, { width, height, tileSize: side, minLevel: 0, maxLevel: 0 }, () => photo.path, options);
}

/** A pyramid that the server describes (Deep Zoom, Microsoft). */
export async function deepZoomSource(
  library: Library,
  path: string,
  signal: AbortSignal,
): Promise<OpenSeadragon.TileSource> {
  const text = await (await fetchBlob(path, signal)).text();
  const image = new DOMParser().parseFromString(text, "application/xml").documentElement;
  const size = image.getElementsByTagName("Size")[0];
  const [width, height] = [Number(size?.getAttribute("Width")), Number(size?.getAttribute("Height"))];
  const tileSize = Number(image.getAttribute("TileSize"));
  if (!(width > 0 && height > 0 && tileSize > 0)) throw new Error("The deep zoom of the photo cannot be read.");
  const format = image.getAttribute("Format") ?? "jpg";
  const folder = path.replace(/\.dzi$/, "_files");
  const pyramid = {
    width,
    height,
    tileSize,
    tileOverlap: Number(image.getAttribute("Overlap")),
    minLevel: 8,
    maxLevel: Math.ceil(Math.log2(Math.max(width, height))),
  };
  return fetched(library, pyramid, (level, x, y) => `${folder}/${level}/${x}_${y}.${format}`, {});
}

function fetched(
  library: Library,
  options: OpenSeadragon.TileSourceOptions,
  pathOf: (level: number, x: number, y: number) => string,
  decoding: ImageBitmapOptions,
): OpenSeadragon.TileSource {
  const source = new library.TileSource(options);
  const running = new WeakMap<OpenSeadragon.ImageJob, AbortController>();
  return Object.assign(source, {
    getTileUrl: pathOf,
    downloadTileStart(job: OpenSeadragon.ImageJob): void {
      const abort = new AbortController();
      running.set(job, abort);
      fetchBlob(job.src, abort.signal)
        .then((blob) => createImageBitmap(blob, decoding))
        .then(
          (picture) => job.finish(picture, null, "imageBitmap"),
          (error: unknown) => job.fail(String(error), null),
        );
    },
    downloadTileAbort(job: OpenSeadragon.ImageJob): void {
      running.get(job)?.abort();
    },
  });
}
