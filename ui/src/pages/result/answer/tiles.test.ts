import { describe, expect, it } from "vitest";
import { readTiles, TileGrid } from "./tiles";

const CSV = `x,y,width,height,probability,label
0,0,244,244,0.1,healthy
244,0,56,244,0.9,bleached
0,244,244,10,0.5,"pale, or nearly"
244,244,56,10,0.4,healthy
`;

describe("tiles.csv", () => {
  it("reads every row, also a label with a comma", () => {
    expect(readTiles(CSV)).toHaveLength(4);
    expect(readTiles(CSV)[2]).toEqual({
      x: 0,
      y: 244,
      width: 244,
      height: 10,
      probability: 0.5,
      label: "pale, or nearly",
    });
  });

  it("says which column is missing", () => {
    expect(() => readTiles("x,y,width,height,label\n")).toThrow("'probability'");
  });
});

describe("a grid of tiles", () => {
  const grid = new TileGrid(readTiles(CSV));

  it("finds the tile over a pixel, the smaller ones at the edges too", () => {
    expect([grid.columns, grid.rows]).toEqual([2, 2]);
    expect([grid.at(0, 0), grid.at(243.9, 0), grid.at(244, 0), grid.at(299, 253)]).toEqual([0, 0, 1, 3]);
  });

  it("finds none outside the photo", () => {
    expect([grid.at(-1, 0), grid.at(300, 0), grid.at(0, 254)]).toEqual([null, null, null]);
  });

  it("knows rows and columns", () => {
    expect(grid.placeOf(3)).toEqual({ row: 1, column: 1 });
    expect([grid.indexOf(1, 0), grid.indexOf(2, 0), grid.indexOf(0, -1)]).toEqual([2, null, null]);
  });

  it("holds a photo of one tile", () => {
    const one = new TileGrid([{ x: 0, y: 0, width: 90, height: 70, probability: 1, label: "a" }]);
    expect([one.columns, one.rows, one.at(89, 69), one.at(90, 0)]).toEqual([1, 1, 0, null]);
  });
});
