/** Colours of classes, and what can be read on them. */
export type Rgb = readonly [number, number, number];

/** What the server paints an unsure tile with. */
export const UNSURE_RGB: Rgb = [251, 146, 60];

export function css([red, green, blue]: Rgb, alpha = 1): string {
  return alpha === 1 ? `rgb(${red} ${green} ${blue})` : `rgb(${red} ${green} ${blue} / ${alpha})`;
}

/** Relative luminance, 0 to 1 (WCAG 2.2). */
export function luminance(rgb: Rgb): number {
  const [red = 0, green = 0, blue = 0] = rgb.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The colour of a pattern's marks on a class's colour: the same hue, much darker, or white on what is dark already. */
export function inkOn(rgb: Rgb): Rgb {
  if (luminance(rgb) < 0.18) return [255, 255, 255];
  const [red, green, blue] = rgb;
  return [Math.round(red * 0.32), Math.round(green * 0.32), Math.round(blue * 0.32)];
}

/** One number as a canvas holds it in memory, opaque; 0 is nothing. */
export function packed([red, green, blue]: Rgb): number {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
