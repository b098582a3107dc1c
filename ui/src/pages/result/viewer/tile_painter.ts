/** Paints labelled tiles: filled, with the marks of their class, and a line round them. */
import type { ClassStyle } from "../answer/class_style";
import { css } from "../answer/colours";
import type { Tile } from "../answer/tiles";
import { overlaps, toDevice, visiblePart, type Box, type View } from "./geometry";
import type { Look, Painter } from "./painter";
import { patternTile } from "./pattern_canvas";

const MARKS_PX = 14;
const MARKS_FROM_PX = 9;
const LINE_FROM_PX = 5;

interface Brush {
  fill: string;
  line: string;
  marks: CanvasPattern | null;
}

export class TilePainter implements Painter {
  #brushes = new Map<string, Brush>();
  #brushesFor: { context: CanvasRenderingContext2D; ratio: number } | null = null;

  /**
   * @param tiles where they lie
   * @param labels of the tiles, as they are decided now
   * @param styles of all labels
   */
  constructor(
    private readonly tiles: readonly Tile[],
    private readonly labels: readonly string[],
    private readonly styles: readonly ClassStyle[],
  ) {}

  paint(context: CanvasRenderingContext2D, view: View, ratio: number, look: Look): void {
    if (look.opacity === 0) return;
    this.#mixFor(context, ratio);
    const visible = visibleAround(view);
    for (const [index, tile] of this.tiles.entries()) {
      const label = this.labels[index] ?? "";
      const brush = this.#brushes.get(label);
      if (brush === undefined || look.hidden.has(label) || !overlaps(tile, visible)) continue;
      paintTile(context, toDevice(view, tile, ratio), brush, ratio, look);
    }
    context.globalAlpha = 1;
  }

  #mixFor(context: CanvasRenderingContext2D, ratio: number): void {
    if (this.#brushesFor?.context === context && this.#brushesFor.ratio === ratio) return;
    this.#brushesFor = { context, ratio };
    this.#brushes = new Map(
      this.styles.map((style) => {
        const marks = patternTile(style, Math.round(MARKS_PX * ratio));
        const pattern = marks && context.createPattern(marks, "repeat");
        return [style.name, { fill: css(style.rgb), line: css(style.rgb), marks: pattern }];
      }),
    );
  }
}

function visibleAround(view: View): Box {
  return visiblePart(view, { width: Infinity, height: Infinity });
}

function paintTile(context: CanvasRenderingContext2D, box: Box, brush: Brush, ratio: number, look: Look): void {
  const side = Math.min(box.width, box.height);
  context.globalAlpha = look.opacity;
  context.fillStyle = brush.fill;
  context.fillRect(box.x, box.y, box.width, box.height);
  if (look.withPatterns && brush.marks !== null && side >= MARKS_FROM_PX * ratio) {
    context.globalAlpha = Math.min(1, look.opacity + 0.15);
    context.fillStyle = brush.marks;
    context.fillRect(box.x, box.y, box.width, box.height);
  }
  if (side < LINE_FROM_PX * ratio) return;
  const line = Math.max(1, Math.round(1.5 * ratio));
  context.globalAlpha = Math.min(1, look.opacity * 2 + 0.1);
  context.lineWidth = line;
  context.strokeStyle = brush.line;
  context.strokeRect(box.x + line / 2, box.y + line / 2, box.width - line, box.height - line);
}
