/** A class as it is drawn everywhere: on the photo, in the legend, in charts and in the log. */
import { UNSURE } from "./decision";
import { UNSURE_RGB, type Rgb } from "./colours";
import { patternOf, type Pattern } from "./patterns";

export interface ClassStyle {
  index: number;
  name: string;
  rgb: Rgb;
  pattern: Pattern;
}

export function styleOf({ index, name, rgb }: { index: number; name: string; rgb: readonly number[] }): ClassStyle {
  const [red = 0, green = 0, blue = 0] = rgb;
  return { index, name, rgb: [red, green, blue], pattern: patternOf(name, index) };
}

export function unsureStyle(index: number): ClassStyle {
  return styleOf({ index, name: UNSURE, rgb: UNSURE_RGB });
}

/** A name as a heading or the start of a sentence has it. */
export function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
