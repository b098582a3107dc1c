import { crc32, deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { strideFor, valueAt } from "./pixel_map";
import { readPixelMap } from "./png_map";

const WIDTH = 13;
const HEIGHT = 11;
const pixel = (x: number, y: number) => (x * x * 7 + y * 31 + ((x * y) % 5) * 40) & 255;

/** Filters as an encoder applies them (PNG specification, section 9), the filter of each row in turn. */
function filtered(filterOf: (y: number) => number): Uint8Array {
  const out = new Uint8Array((WIDTH + 1) * HEIGHT);
  const at = (x: number, y: number) => (x < 0 || y < 0 ? 0 : pixel(x, y));
  for (let y = 0; y < HEIGHT; y++) {
    const filter = filterOf(y);
    out[y * (WIDTH + 1)] = filter;
    for (let x = 0; x < WIDTH; x++) {
      const [a, b, c] = [at(x - 1, y), at(x, y - 1), at(x - 1, y - 1)];
      const p = a + b - c;
      const near = [a, b, c].sort(
        (m, n) => Math.abs(p - m) - Math.abs(p - n) || [a, b, c].indexOf(m) - [a, b, c].indexOf(n),
      );
      out[y * (WIDTH + 1) + 1 + x] = pixel(x, y) - ([0, a, b, (a + b) >> 1, near[0] ?? 0][filter] ?? 0);
    }
  }
  return out;
}

function chunk(type: string, content: Uint8Array): Uint8Array[] {
  const head = new DataView(new ArrayBuffer(4));
  head.setUint32(0, content.length);
  const named = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const sum = new DataView(new ArrayBuffer(4));
  sum.setUint32(0, crc32(named));
  return [new Uint8Array(head.buffer), named, new Uint8Array(sum.buffer)];
}

function png(rows: Uint8Array, { colour = 3, depth = 8, pieces = 3 } = {}): Uint8Array {
  const head = new DataView(new ArrayBuffer(13));
  head.setUint32(0, WIDTH);
  head.setUint32(4, HEIGHT);
  head.setUint8(8, depth);
  head.setUint8(9, colour);
  const packed = deflateSync(rows);
  const step = Math.ceil(packed.length / pieces);
  const data = Array.from({ length: pieces }, (_, n) => chunk("IDAT", packed.subarray(n * step, (n + 1) * step)));
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    ...chunk("IHDR", new Uint8Array(head.buffer)),
    ...chunk("PLTE", new Uint8Array([1, 2, 3])),
    ...data.flat(),
    ...chunk("IEND", new Uint8Array()),
  ]);
}

/** The file over a slow line: so many bytes at a time. */
function stream(file: Uint8Array, step = 7): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(sink) {
      if (at >= file.length) sink.close();
      else sink.enqueue(Uint8Array.from(file.subarray(at, at + step)));
      at += step;
    },
  });
}

describe("a map out of its PNG", () => {
  it("has every pixel, whatever the filters and the pieces it comes in", async () => {
    for (const step of [1, 7, 10_000]) {
      const map = await readPixelMap(stream(png(filtered((y) => y % 5)), step), 1e6);
      expect([map.width, map.height, map.stride]).toEqual([WIDTH, HEIGHT, 1]);
      for (let y = 0; y < HEIGHT; y++) for (let x = 0; x < WIDTH; x++) expect(valueAt(map, x, y)).toBe(pixel(x, y));
    }
  });

  it("keeps every third pixel where it would be too large", async () => {
    const map = await readPixelMap(stream(png(filtered(() => 2))), 20);
    expect([map.width, map.height, map.stride]).toEqual([5, 4, 3]);
    expect(valueAt(map, 4, 10)).toBe(pixel(3, 9));
    expect(valueAt(map, 12.9, 10.9)).toBe(pixel(12, 9));
  });

  it("refuses what is no such PNG", async () => {
    await expect(readPixelMap(stream(new Uint8Array(40)), 10)).rejects.toThrow("not a PNG");
    await expect(
      readPixelMap(
        stream(
          png(
            filtered(() => 0),
            { colour: 2 },
          ),
        ),
        10,
      ),
    ).rejects.toThrow("one byte a pixel");
    await expect(readPixelMap(stream(png(filtered(() => 9))), 10)).rejects.toThrow("filter");
  });

  it("says so when the line ends too early", async () => {
    const file = png(filtered(() => 0));
    await expect(readPixelMap(stream(file.subarray(0, file.length - 30)), 10)).rejects.toThrow();
  });
});

it("a stride keeps at most what is allowed", () => {
  for (const [width, height] of [
    [20_000, 20_000],
    [300, 12_919],
    [1, 9],
  ] as const) {
    const stride = strideFor({ width, height }, 1e6);
    expect(Math.floor(width / stride) * Math.floor(height / stride)).toBeLessThanOrEqual(1e6);
  }
  expect(strideFor({ width: 1000, height: 1000 }, 1e6)).toBe(1);
});
