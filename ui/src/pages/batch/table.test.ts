import { describe, expect, it } from "vitest";
import { parseCsv, readTable, sorted } from "./table";

describe("parseCsv", () => {
  it("reads what is quoted, with commas, quotes and line ends in it", () => {
    expect(parseCsv('a,b\r\n"1,5","say ""hi""\nthere"\r\n,\r\n')).toEqual([
      ["a", "b"],
      ["1,5", 'say "hi"\nthere'],
      ["", ""],
    ]);
  });

  it.each(["", "a", "a,b"])("reads a table without a line end: %j", (text) => {
    expect(parseCsv(text)).toEqual(text === "" ? [] : [text.split(",")]);
  });
});

const REEFS = `photo,job,status,error,model,width,height,tiles,healthy_tiles,bleached_tiles
b10.jpg,1,finished,,coral@1,9,9,10,4,6
b9.jpg,2,finished,,coral@1,9,9,4,3,1
c.jpg,3,failed,It is damaged.,,,,,,
`;

describe("readTable", () => {
  it("has tiles and shares of each class", () => {
    const { classes, rows } = readTable(REEFS);
    expect(classes).toEqual(["healthy", "bleached"]);
    expect([...(rows[0]?.shares ?? [])]).toEqual([
      ["healthy", 0.4],
      ["bleached", 0.6],
    ]);
    expect(rows[2]).toMatchObject({ error: "It is damaged.", shares: new Map(), outOfDomain: false });
  });

  it("has the shares of a map as they are told", () => {
    const { classes, rows } = readTable(
      "photo,job,status,error,marl rock_pixels,marl rock_share,out_of_domain\na,1,finished,,5,0.25,True\n",
    );
    expect(classes).toEqual(["marl rock"]);
    expect(rows[0]).toMatchObject({ shares: new Map([["marl rock", 0.25]]), outOfDomain: true });
  });
});

describe("sorted", () => {
  const { rows } = readTable(REEFS);
  const names = (found: readonly { photo: string }[]) => found.map(({ photo }) => photo);

  it("is as sent, by name as people count, or by a class, those without a result last", () => {
    expect(names(sorted(rows, null))).toEqual(["b10.jpg", "b9.jpg", "c.jpg"]);
    expect(names(sorted(rows, { by: "photo", down: false }))).toEqual(["b9.jpg", "b10.jpg", "c.jpg"]);
    expect(names(sorted(rows, { by: { share: "bleached" }, down: true }))).toEqual(["b10.jpg", "b9.jpg", "c.jpg"]);
  });
});
