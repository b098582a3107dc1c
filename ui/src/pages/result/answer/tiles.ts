/** Labelled tiles, from `tiles.csv`. */
import { csvParseRows } from "d3-dsv";
import type { Box } from "../viewer/geometry";

export interface Tile extends Box {
  /** Of the positive class; of the label where the package has none. */
  probability: number;
  label: string;
}

const COLUMNS = ["x", "y", "width", "height", "probability", "label"] as const;

/** @throws Error the table is not one of tiles */
export function readTiles(csv: string): Tile[] {
  const [header, ...rows] = csvParseRows(csv);
  const [x, y, width, height, probability, label] = COLUMNS.map((name) => place(header ?? [], name));
  const number = (row: string[], column: number | undefined) => Number(row[column ?? -1]);
  return rows.map((row) => ({
    x: number(row, x),
    y: number(row, y),
    width: number(row, width),
    height: number(row, height),
    probability: number(row, probability),
    label: row[label ?? -1] ?? "",
  }));
}

function place(header: string[], name: string): number {
  const index = header.indexOf(name);
  if (index < 0) throw new Error(`The table of tiles has no column '${name}'.`);
  return index;
}

/** Tiles by place: they lie in a plain grid, row by row. */
export class TileGrid {
  readonly columns: number;
  readonly #side: { width: number; height: number };

  constructor(readonly tiles: readonly Tile[]) {
    const first = tiles[0];
    const second = tiles.findIndex((tile) => tile.y !== first?.y);
    this.columns = second < 0 ? tiles.length : second;
    this.#side = { width: first?.width ?? 1, height: first?.height ?? 1 };
  }

  get rows(): number {
    return Math.ceil(this.tiles.length / Math.max(1, this.columns));
  }

  /** Index of the tile over a pixel of the photo, null outside. */
  at(x: number, y: number): number | null {
    const index = this.indexOf(Math.floor(y / this.#side.height), Math.floor(x / this.#side.width));
    const tile = index === null ? undefined : this.tiles[index];
    const isIn =
      tile !== undefined && x >= tile.x && y >= tile.y && x < tile.x + tile.width && y < tile.y + tile.height;
    return isIn ? index : null;
  }

  indexOf(row: number, column: number): number | null {
    const isThere = row >= 0 && column >= 0 && row < this.rows && column < this.columns;
    const index = row * this.columns + column;
    return isThere && index < this.tiles.length ? index : null;
  }

  placeOf(index: number): { row: number; column: number } {
    return { row: Math.floor(index / this.columns), column: index % this.columns };
  }
}
