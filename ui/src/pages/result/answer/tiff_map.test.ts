import { deflateSync } from "node:zlib";
import { expect, it } from "vitest";
import { valueAt } from "./pixel_map";
import { readTiffMap } from "./tiff_map";

const WIDTH = 40;
const HEIGHT = 21;
const TILE = 16;
const pixel = (x: number, y: number) => (x * 5 + y * 11) % 251;

/** A BigTIFF as libvips writes label maps: grey, one byte, deflated tiles (TIFF 6.0, section 15; the BigTIFF design). */
function tiledTiff(): Blob {
  const tiles: Uint8Array[] = [];
  for (let top = 0; top < HEIGHT; top += TILE) {
    for (let left = 0; left < WIDTH; left += TILE) {
      const raw = Uint8Array.from({ length: TILE * TILE }, (_, n) =>
        pixel(left + (n % TILE), top + Math.floor(n / TILE)),
      );
      tiles.push(deflateSync(raw));
    }
  }
  const tables = 16 + 8 + 10 * 20 + 8;
  const counts = tables + 8 * tiles.length;
  let at = counts + 8 * tiles.length;
  const offsets = tiles.map((tile) => (at += tile.length) - tile.length);
  const head = new DataView(new ArrayBuffer(counts + 8 * tiles.length));
  head.setUint16(0, 0x4949);
  for (const [place, value] of [
    [2, 43],
    [4, 8],
  ] as const)
    head.setUint16(place, value, true);
  head.setBigUint64(8, 16n, true);
  head.setBigUint64(16, 10n, true);
  const LONG8 = 16;
  const entries: [tag: number, type: number, count: number, value: number][] = [
    [256, 4, 1, WIDTH],
    [257, 4, 1, HEIGHT],
    [258, 3, 1, 8],
    [259, 3, 1, 8],
    [262, 3, 1, 1],
    [277, 3, 1, 1],
    [322, 3, 1, TILE],
    [323, 3, 1, TILE],
    [324, LONG8, tiles.length, tables],
    [325, LONG8, tiles.length, counts],
  ];
  for (const [n, [tag, type, count, value]] of entries.entries()) {
    const place = 24 + 20 * n;
    head.setUint16(place, tag, true);
    head.setUint16(place + 2, type, true);
    head.setBigUint64(place + 4, BigInt(count), true);
    head.setBigUint64(place + 12, BigInt(value), true);
  }
  for (const [n, tile] of tiles.entries()) {
    head.setBigUint64(tables + 8 * n, BigInt(offsets[n] ?? 0), true);
    head.setBigUint64(counts + 8 * n, BigInt(tile.length), true);
  }
  return new Blob([head.buffer, ...tiles.map((tile) => Uint8Array.from(tile))]);
}

it("has every pixel of a map that is small enough", async () => {
  const map = await readTiffMap(tiledTiff(), 1e6);
  expect([map.width, map.height, map.stride]).toEqual([WIDTH, HEIGHT, 1]);
  for (let y = 0; y < HEIGHT; y++) for (let x = 0; x < WIDTH; x++) expect(valueAt(map, x, y)).toBe(pixel(x, y));
});

it("keeps every third pixel of every third row, across the tiles' edges", async () => {
  const map = await readTiffMap(tiledTiff(), 100);
  expect([map.width, map.height, map.stride]).toEqual([14, 7, 3]);
  for (let y = 0; y < HEIGHT; y += 3) for (let x = 0; x < WIDTH; x += 3) expect(valueAt(map, x, y)).toBe(pixel(x, y));
});
