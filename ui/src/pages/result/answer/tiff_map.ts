/** A map out of the tiled TIFF that giant photos have, tile by tile: it is never in memory whole. */
import { fromBlob } from "geotiff";
import { emptyMap, type PixelMap } from "./pixel_map";

/**
 * @param file the TIFF, one byte a pixel
 * @param mostPixels of what is kept
 * @throws Error it cannot be read
 */
export async function readTiffMap(file: Blob, mostPixels: number): Promise<PixelMap> {
  const image = await (await fromBlob(file)).getImage();
  const map = emptyMap({ width: image.getWidth(), height: image.getHeight() }, mostPixels);
  const [across, down] = [image.getTileWidth(), image.getTileHeight()];
  for (let top = 0; top < map.full.height; top += down) {
    for (let left = 0; left < map.full.width; left += across) {
      const right = Math.min(left + across, map.full.width);
      const bottom = Math.min(top + down, map.full.height);
      const tile = await image.readRasters({ window: [left, top, right, bottom], samples: [0], interleave: true });
      keep(map, tile as unknown as Uint8Array, { left, top, right, bottom });
    }
  }
  return map;
}

interface Edges {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Put what the stride wants of a tile into the map. */
function keep(map: PixelMap, tile: Uint8Array, { left, top, right, bottom }: Edges): void {
  const { stride } = map;
  const width = right - left;
  for (let y = firstOf(top, stride); y < bottom; y += stride) {
    for (let x = firstOf(left, stride); x < right; x += stride) {
      map.data[(y / stride) * map.width + x / stride] = tile[(y - top) * width + x - left] ?? 0;
    }
  }
}

function firstOf(from: number, stride: number): number {
  return Math.ceil(from / stride) * stride;
}
