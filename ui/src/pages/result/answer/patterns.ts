/**
 * A pattern a class, so that classes differ also to whoever cannot tell their colours apart. Rocks have the marks that
 * geologists draw for them: dots for sand, dashes for mud, bricks for limestone, slanted ones for dolomite.
 * Source of the convention: FGDC Digital Cartographic Standard for Geologic Map Symbolization, section 37; the drawings
 * here are our own.
 */
export interface Pattern {
  /** SVG path data inside a square of `PATTERN_SIDE`, which repeats. */
  lines?: string;
  shapes?: string;
}

export const PATTERN_SIDE = 16;

const dot = (x: number, y: number, radius = 1.4) =>
  `M${x - radius} ${y}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0z`;
const ring = (x: number, y: number, across: number, down: number) =>
  `M${x - across} ${y}a${across} ${down} 0 1 0 ${2 * across} 0a${across} ${down} 0 1 0 ${-2 * across} 0z`;

const PLAIN: Pattern = {};
const DOTS: Pattern = { shapes: dot(4, 4) + dot(12, 12) + dot(12, 4, 0.8) + dot(4, 12, 0.8) };
const HATCH: Pattern = { lines: "M-4 12L12 -4M4 20L20 4M-4 20L20 -4" };
const CROSS_HATCH: Pattern = { lines: "M0 16L16 0M0 0L16 16" };
const DASHES: Pattern = { lines: "M1 4h8M9 12h6M0 12h1" };
const DASH_DOT: Pattern = { lines: "M1 4h6M9 12h6", shapes: dot(12, 4, 1.1) + dot(4, 12, 1.1) };
const BRICKS: Pattern = { lines: "M0 .5h16M0 8.5h16M4 0v8M12 8v8" };
const SLANTED_BRICKS: Pattern = { lines: "M0 .5h16M0 8.5h16M6 0l-3 8M14 8l-3 8" };
const DASHED_BRICKS: Pattern = { lines: "M0 .5h16M0 8.5h16M4 0v8M12 8v8M8 4.5h5M2 12.5h5" };
const VEES: Pattern = { lines: "M1 1.5l3 5l3 -5M9 9.5l3 5l3 -5" };
const DOTS_AND_LINES: Pattern = { lines: "M0 12h9M12 12h4", shapes: dot(3, 4) + dot(8.3, 4) + dot(13.6, 4) };
const DASH_DOTS_AND_LINES: Pattern = { lines: "M0 12h16M1 4h5M9 4h2", shapes: dot(13.6, 4, 1.1) };
const PEBBLES: Pattern = { lines: ring(5, 4.5, 3.6, 2.6) + ring(12, 12, 2.6, 2), shapes: dot(13, 4, 0.8) };
const CROSSES: Pattern = { lines: "M4 1v6M1 4h6M12 9v6M9 12h6" };
const UPRIGHTS: Pattern = { lines: "M4 0v16M12 0v16" };
const WAVES: Pattern = { lines: "M0 4q4 -5 8 0t8 0M0 12q4 -5 8 0t8 0" };

const BY_NAME: Readonly<Record<string, Pattern>> = {
  sandstone: DOTS,
  siltstone: DASH_DOT,
  mudstone: DASHES,
  shale: DASHES,
  limestone: BRICKS,
  dolomite: SLANTED_BRICKS,
  "marl rock": DASHED_BRICKS,
  marl: DASHED_BRICKS,
  anhydrite: VEES,
  "interlayered sandstones and mudstones": DOTS_AND_LINES,
  "interlayered siltstones and mudstones": DASH_DOTS_AND_LINES,
  conglomerate: PEBBLES,
  crust: CROSSES,
  bleached: HATCH,
  healthy: PLAIN,
  unsure: CROSS_HATCH,
};

const OTHERS: readonly Pattern[] = [HATCH, DOTS, UPRIGHTS, WAVES, CROSSES, BRICKS, VEES, PEBBLES, DASHES, CROSS_HATCH];

/** The pattern of a class: that of its rock, or by its index one of some that differ. */
export function patternOf(name: string, index: number): Pattern {
  return BY_NAME[name.toLowerCase()] ?? OTHERS[index % OTHERS.length] ?? PLAIN;
}
