/** The batch's table: from the server's CSV (RFC 4180) to rows with numbers. */
export interface Row {
  photo: string;
  job: string;
  status: string;
  error: string;
  /** Share of each class, 0 to 1; none without a result. */
  shares: ReadonlyMap<string, number>;
  /** Tiles of each class; none where the answer is a map. */
  tiles: ReadonlyMap<string, number>;
  outOfDomain: boolean;
}

export interface Table {
  /** In the order of the columns. */
  classes: readonly string[];
  rows: readonly Row[];
}

export type SortKey = { by: "photo" | { share: string }; down: boolean } | null;

export function readTable(csv: string): Table {
  const [head = [], ...lines] = parseCsv(csv);
  const found = lines.map((line) => new Map(head.map((column, place) => [column, line[place] ?? ""])));
  const classes = [...new Set(head.flatMap((column) => classOf(column) ?? []))];
  return { classes, rows: found.map((cells) => readRow(cells, classes)) };
}

/** The class that a column is about. */
function classOf(column: string): string | null {
  return /^(.+)_(?:tiles|share)$/.exec(column)?.[1] ?? null;
}

function readRow(cells: ReadonlyMap<string, string>, classes: readonly string[]): Row {
  const text = (column: string) => cells.get(column) ?? "";
  const tiles = numbersOf(classes, (name) => text(`${name}_tiles`));
  const all = Number(text("tiles"));
  const shares =
    tiles.size > 0 && all > 0
      ? mapped(tiles, (value) => value / all)
      : numbersOf(classes, (name) => text(`${name}_share`));
  return {
    photo: text("photo"),
    job: text("job"),
    status: text("status"),
    error: text("error"),
    shares,
    tiles,
    outOfDomain: text("out_of_domain").toLowerCase() === "true",
  };
}

function numbersOf(names: readonly string[], cell: (name: string) => string): Map<string, number> {
  return new Map(names.flatMap((name) => (cell(name) === "" ? [] : [[name, Number(cell(name))]])));
}

function mapped(values: ReadonlyMap<string, number>, change: (value: number) => number): Map<string, number> {
  return new Map([...values].map(([name, value]) => [name, change(value)]));
}

export function sorted(rows: readonly Row[], key: SortKey): readonly Row[] {
  if (key === null) return rows;
  const { by, down } = key;
  const compare = (one: Row, other: Row) => {
    if (typeof by === "string") return one[by].localeCompare(other[by], "en", { numeric: true });
    return (one.shares.get(by.share) ?? -1) - (other.shares.get(by.share) ?? -1);
  };
  return rows.toSorted((one, other) => (down ? -1 : 1) * compare(one, other));
}

export function parseCsv(text: string): string[][] {
  const lines: string[][] = [];
  let line: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|$)/gy;
  for (let found = cell.exec(text); found !== null; found = cell.exec(text)) {
    const [whole, quoted, plain = "", end] = found;
    if (whole === "" && line.length === 0) break;
    line.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    lines.push(line);
    line = [];
    if (end === "") break;
  }
  return lines;
}
