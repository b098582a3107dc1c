/** Paints a label map: piece by piece, and only what is looked at, so that a class comes and goes at once. */
import type { ClassStyle } from "../answer/class_style";
import { inkOn, packed } from "../answer/colours";
import type { PixelMap } from "../answer/pixel_map";
import { clamp, overlaps, toDevice, visiblePart, type Box, type View } from "./geometry";
import type { Look, Painter } from "./painter";
import { patternMask } from "./pattern_canvas";

const PIECE_SIDE = 512;
const REPEATS_ACROSS = 12;

/** What every index of the map becomes: a colour as a canvas holds it, and the marks on it. */
export interface Palette {
  colours: Uint32Array;
  inks: Uint32Array;
  masks: readonly (Uint8Array | null)[];
  side: number;
  /** What is less sure than this stays empty: a level of the confidence map, 0 to 255. */
  least: number;
}

/**
 * A part of the map as pixels: indices without a colour stay empty.
 *
 * @param confidence of the map's pixels, in their order; null where it is not known
 */
export function colourPiece(
  map: PixelMap,
  confidence: Uint8Array | null,
  piece: Box,
  palette: Palette,
): Uint32Array<ArrayBuffer> {
  const pixels = new Uint32Array(piece.width * piece.height);
  const { colours, inks, masks, side, least } = palette;
  const limit = confidence === null ? 0 : least;
  for (let row = 0, to = 0; row < piece.height; row++) {
    const from = (piece.y + row) * map.width + piece.x;
    const markRow = ((piece.y + row) % side) * side;
    for (let column = 0; column < piece.width; column++, to++) {
      if (limit > 0 && (confidence?.[from + column] ?? 0) < limit) continue;
      const index = map.data[from + column] ?? 0;
      const mask = masks[index];
      const isInk = mask != null && mask[markRow + ((piece.x + column) % side)] === 1;
      pixels[to] = (isInk ? inks[index] : colours[index]) ?? 0;
    }
  }
  return pixels;
}

interface Piece {
  box: Box;
  canvas: HTMLCanvasElement | null;
  paintedFor: Palette | null;
}

export class MapPainter implements Painter {
  readonly #pieces: Piece[] = [];
  #palette: Palette | null = null;
  #lastLook: Pick<Look, "hidden" | "withPatterns" | "least"> | null = null;

  /**
   * @param map class indices
   * @param confidence of the same pixels, null while it is not there
   * @param styles of the classes that are painted
   */
  constructor(
    private readonly map: PixelMap,
    private readonly confidence: PixelMap | null,
    private readonly styles: readonly ClassStyle[],
  ) {
    for (let y = 0; y < map.height; y += PIECE_SIDE) {
      for (let x = 0; x < map.width; x += PIECE_SIDE) {
        const box = { x, y, width: Math.min(PIECE_SIDE, map.width - x), height: Math.min(PIECE_SIDE, map.height - y) };
        this.#pieces.push({ box, canvas: null, paintedFor: null });
      }
    }
  }

  paint(context: CanvasRenderingContext2D, view: View, ratio: number, look: Look): void {
    if (look.opacity === 0) return;
    const palette = this.#paletteFor(look);
    const visible = visiblePart(view, this.map.full);
    context.globalAlpha = look.opacity;
    context.imageSmoothingEnabled = view.scale * ratio * this.map.stride < 1;
    for (const piece of this.#pieces) {
      const onPhoto = this.#onPhoto(piece.box);
      if (!overlaps(onPhoto, visible)) continue;
      const { x, y, width, height } = toDevice(view, onPhoto, ratio);
      context.drawImage(this.#painted(piece, palette), x, y, width, height);
    }
    context.globalAlpha = 1;
  }

  #onPhoto({ x, y, width, height }: Box): Box {
    const { stride, full } = this.map;
    const [left, top] = [x * stride, y * stride];
    const [right, bottom] = [Math.min((x + width) * stride, full.width), Math.min((y + height) * stride, full.height)];
    return { x: left, y: top, width: right - left, height: bottom - top };
  }

  #painted(piece: Piece, palette: Palette): HTMLCanvasElement {
    const { width, height } = piece.box;
    piece.canvas ??= Object.assign(document.createElement("canvas"), { width, height });
    if (piece.paintedFor !== palette) {
      const pixels = new Uint8ClampedArray(
        colourPiece(this.map, this.confidence?.data ?? null, piece.box, palette).buffer,
      );
      piece.canvas.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
      piece.paintedFor = palette;
    }
    return piece.canvas;
  }

  #paletteFor({ hidden, withPatterns, least = 0 }: Look): Palette {
    const last = this.#lastLook;
    const isSame = last?.hidden === hidden && last.withPatterns === withPatterns && last.least === least;
    if (this.#palette === null || !isSame) {
      this.#lastLook = { hidden, withPatterns, least };
      this.#palette = this.#newPalette(hidden, withPatterns, least);
    }
    return this.#palette;
  }

  #newPalette(hidden: ReadonlySet<string>, withPatterns: boolean, least: number): Palette {
    const side = Math.round(clamp(Math.min(this.map.width, this.map.height) / REPEATS_ACROSS, 8, 64));
    const palette = {
      colours: new Uint32Array(256),
      inks: new Uint32Array(256),
      masks: new Array<Uint8Array | null>(256).fill(null),
      side,
      least: levelOf(least),
    };
    for (const style of this.styles) {
      if (hidden.has(style.name)) continue;
      palette.colours[style.index] = packed(style.rgb);
      palette.inks[style.index] = packed(inkOn(style.rgb));
      palette.masks[style.index] = withPatterns ? patternMask(style.pattern, side) : null;
    }
    return palette;
  }
}

/** A confidence as a level of the confidence map. */
export function levelOf(confidence: number): number {
  return Math.ceil(confidence * 255);
}
