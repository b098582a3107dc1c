import { css, inkOn } from "../answer/colours";
import type { ClassStyle } from "../answer/class_style";
import { PATTERN_SIDE } from "../answer/patterns";

/** A class's colour with its marks, to be filled with: `fill={fillOf(id, style)}` once this stands in `<defs>`. */
export function PatternOf({ id, style }: { id: string; style: ClassStyle }) {
  const ink = css(inkOn(style.rgb));
  const { lines, shapes } = style.pattern;
  return (
    <pattern id={nameOf(id, style)} width={PATTERN_SIDE} height={PATTERN_SIDE} patternUnits="userSpaceOnUse">
      <rect width={PATTERN_SIDE} height={PATTERN_SIDE} fill={css(style.rgb)} />
      {lines === undefined ? null : <path d={lines} fill="none" stroke={ink} strokeWidth={1.4} />}
      {shapes === undefined ? null : <path d={shapes} fill={ink} />}
    </pattern>
  );
}

export function fillOf(id: string, style: ClassStyle): string {
  return `url(#${nameOf(id, style)})`;
}

function nameOf(id: string, style: ClassStyle): string {
  return `${id}-${style.index}`;
}
