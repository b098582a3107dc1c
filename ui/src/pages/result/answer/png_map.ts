/**
 * A label map or a confidence map out of its PNG, as numbers, row by row as it comes over the line.
 *
 * A browser's own decoder gives colours, four bytes a pixel, of the whole picture at once; here an index stays an index,
 * and of a giant map every n-th pixel of every n-th row is kept, which loses nothing: the network looked at less.
 * Source: PNG specification, third edition, sections 5, 7 and 9.
 */
import { emptyMap, type PixelMap, type Size } from "./pixel_map";

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const GREY = 0;
const PALETTE = 3;
const MOST_SIDE = 1 << 20;

/**
 * @param body the file
 * @param mostPixels of what is kept
 * @throws Error it is not a PNG with one byte a pixel
 */
export async function readPixelMap(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  mostPixels: number,
): Promise<PixelMap> {
  const file = new ByteReader(body.getReader());
  const full = await readHead(file);
  const rows = new RowSink(emptyMap(full, mostPixels));
  const pixels = deflated(file).pipeThrough(new DecompressionStream("deflate")).getReader();
  for (;;) {
    const { done, value } = await pixels.read();
    if (done) return rows.finished();
    rows.push(value);
  }
}

async function readHead(file: ByteReader): Promise<Size> {
  const start = await file.take(8);
  if (SIGNATURE.some((byte, n) => start[n] !== byte)) throw new Error("This is not a PNG file.");
  const { type, length } = await chunkHead(file);
  const head = asView(await file.take(length + 4));
  const width = head.getUint32(0);
  const height = head.getUint32(4);
  const isPlain = head.getUint8(8) === 8 && [GREY, PALETTE].includes(head.getUint8(9)) && head.getUint8(12) === 0;
  if (type !== "IHDR" || !isPlain) throw new Error("The PNG does not have one byte a pixel.");
  if (width > MOST_SIDE || height > MOST_SIDE) throw new Error("The PNG is too large.");
  return { width, height };
}

/** The contents of all IDAT chunks, as one stream. */
function deflated(file: ByteReader): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(sink) {
      for (;;) {
        const { type, length } = await chunkHead(file);
        if (type === "IEND") {
          sink.close();
          return;
        }
        const content = await file.take(length);
        await file.take(4);
        if (type === "IDAT" && length > 0) {
          sink.enqueue(content);
          return;
        }
      }
    },
  });
}

async function chunkHead(file: ByteReader): Promise<{ type: string; length: number }> {
  const head = await file.take(8);
  return { length: asView(head).getUint32(0), type: String.fromCharCode(...head.subarray(4)) };
}

function asView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** So many bytes at a time, whatever the pieces in which they come. */
class ByteReader {
  #held: Uint8Array<ArrayBuffer> = new Uint8Array();

  constructor(private readonly source: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>) {}

  async take(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const taken = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      if (this.#held.length === 0) await this.#fetch();
      const piece = this.#held.subarray(0, count - filled);
      taken.set(piece, filled);
      filled += piece.length;
      this.#held = this.#held.subarray(piece.length);
    }
    return taken;
  }

  async #fetch(): Promise<void> {
    const { done, value } = await this.source.read();
    if (done) throw new Error("The PNG ends too early.");
    this.#held = value;
  }
}

/** Undoes the filter of each row and keeps what the stride wants. */
class RowSink {
  readonly #map: PixelMap;
  #row: Uint8Array;
  #above: Uint8Array;
  #filled = -1; // the filter's byte comes before the first pixel
  #filter = 0;
  #y = 0;

  constructor(map: PixelMap) {
    this.#map = map;
    this.#row = new Uint8Array(map.full.width);
    this.#above = new Uint8Array(map.full.width);
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && this.#y < this.#map.full.height) {
      if (this.#filled < 0) {
        this.#filter = bytes[at++] ?? 0;
        this.#filled = 0;
        continue;
      }
      const piece = bytes.subarray(at, at + this.#row.length - this.#filled);
      this.#row.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === this.#row.length) this.#endRow();
    }
  }

  finished(): PixelMap {
    if (this.#y < this.#map.full.height) throw new Error("The PNG ends too early.");
    return this.#map;
  }

  #endRow(): void {
    unfilter(this.#filter, this.#row, this.#above);
    const { stride, width, data } = this.#map;
    if (this.#y % stride === 0) {
      const start = (this.#y / stride) * width;
      if (stride === 1) data.set(this.#row, start);
      else for (let n = 0; n < width; n++) data[start + n] = this.#row[n * stride] ?? 0;
    }
    [this.#row, this.#above] = [this.#above, this.#row];
    this.#filled = -1;
    this.#y += 1;
  }
}

/** In place, for one byte a pixel. */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array): void {
  if (filter === 0) return;
  if (filter > 4) throw new Error("The PNG has a filter that does not exist.");
  let left = 0;
  let corner = 0;
  for (let n = 0; n < row.length; n++) {
    const up = above[n] ?? 0;
    left = ((row[n] ?? 0) + predicted(filter, left, up, corner)) & 255;
    row[n] = left;
    corner = up;
  }
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  const guess = left + up - corner;
  const [toLeft, toUp, toCorner] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
