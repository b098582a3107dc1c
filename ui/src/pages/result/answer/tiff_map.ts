/** A map out of the tiled TIFF that giant photos have, tile by tile: unpacked it is never in memory whole. */
import { fromArrayBuffer, getDecoder, type GeoTIFFImage } from "geotiff";
import { emptyMap, type PixelMap } from "./pixel_map";

const UNCOMPRESSED = 1;

/**
 * @param file the TIFF, one byte a pixel
 * @param mostPixels of what is kept
 * @throws Error it cannot be read
 */
export async function readTiffMap(file: Blob, mostPixels: number): Promise<PixelMap> {
  const image = await (await fromArrayBuffer(await file.arrayBuffer())).getImage();
  const map = emptyMap({ width: image.getWidth(), height: image.getHeight() }, mostPixels);
  const [across, down] = [image.getTileWidth(), image.getTileHeight()];
  const decoder = await decoderOf(image);
  for (let row = 0; row * down < map.full.height; row++) {
    for (let column = 0; column * across < map.full.width; column++) {
      const tile = await image.getTileOrStrip(column, row, 0, decoder);
      const [left, top] = [column * across, row * down];
      const right = Math.min(left + across, map.full.width);
      const bottom = Math.min(top + down, map.full.height);
      keep(map, new Uint8Array(tile.data), across, { left, top, right, bottom });
    }
  }
  return map;
}

/** The tiles as they lie in the file: `readRasters` looks at every pixel of them, which takes six times as long. */
function decoderOf(image: GeoTIFFImage) {
  const [tileWidth, tileHeight] = [image.getTileWidth(), image.getTileHeight()];
  const parameters = { tileWidth, tileHeight, predictor: 1, bitsPerSample: 8, planarConfiguration: 1 };
  return getDecoder(image.fileDirectory.getValue("Compression") ?? UNCOMPRESSED, parameters);
}

interface Edges {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Put what the stride wants of a tile into the map. */
function keep(map: PixelMap, tile: Uint8Array, across: number, { left, top, right, bottom }: Edges): void {
  const { stride } = map;
  for (let y = firstOf(top, stride); y < bottom; y += stride) {
    for (let x = firstOf(left, stride); x < right; x += stride) {
      map.data[(y / stride) * map.width + x / stride] = tile[(y - top) * across + x - left] ?? 0;
    }
  }
}

function firstOf(from: number, stride: number): number {
  return Math.ceil(from / stride) * stride;
}
