/** One byte for every pixel of the photo, or for every n-th of every n-th row of a giant one. */
export interface Size {
  width: number;
  height: number;
}

export interface PixelMap extends Size {
  /** Each kept pixel stands for so many of the photo, in both directions. */
  stride: number;
  /** Size of the picture itself. */
  full: Size;
  data: Uint8Array<ArrayBuffer>;
}

export function emptyMap(full: Size, mostPixels: number): PixelMap {
  const stride = strideFor(full, mostPixels);
  const width = Math.ceil(full.width / stride);
  const height = Math.ceil(full.height / stride);
  return { width, height, stride, full, data: new Uint8Array(width * height) };
}

export function strideFor(full: Size, mostPixels: number): number {
  return Math.max(1, Math.ceil(Math.sqrt((full.width * full.height) / mostPixels)));
}

/** The value over a pixel of the photo. */
export function valueAt(map: PixelMap, x: number, y: number): number {
  const column = Math.min(map.width - 1, Math.floor(x / map.stride));
  const row = Math.min(map.height - 1, Math.floor(y / map.stride));
  return map.data[row * map.width + column] ?? 0;
}
