/** Where the photo lies on the screen. Lengths on the screen are CSS pixels, on the photo they are its own. */
export interface Size {
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

export interface Box extends Point, Size {}

/** The photo's top-left corner inside a pane, and how many CSS pixels one of its pixels takes. */
export interface View extends Point {
  scale: number;
  pane: Size;
}

export function toScreen(view: View, point: Point): Point {
  return { x: view.x + point.x * view.scale, y: view.y + point.y * view.scale };
}

export function toPhoto(view: View, point: Point): Point {
  return { x: (point.x - view.x) / view.scale, y: (point.y - view.y) / view.scale };
}

/** A box of the photo on the screen, in pixels of the device, its edges on whole ones: neighbours leave no seam. */
export function toDevice(view: View, box: Box, ratio: number): Box {
  const left = Math.round((view.x + box.x * view.scale) * ratio);
  const top = Math.round((view.y + box.y * view.scale) * ratio);
  const right = Math.round((view.x + (box.x + box.width) * view.scale) * ratio);
  const bottom = Math.round((view.y + (box.y + box.height) * view.scale) * ratio);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** The part of the photo that a pane shows. */
export function visiblePart(view: View, photo: Size): Box {
  const left = clamp(-view.x / view.scale, 0, photo.width);
  const top = clamp(-view.y / view.scale, 0, photo.height);
  const right = clamp((view.pane.width - view.x) / view.scale, 0, photo.width);
  const bottom = clamp((view.pane.height - view.y) / view.scale, 0, photo.height);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

export function overlaps(one: Box, other: Box): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}

export function isInside(point: Point, size: Size): boolean {
  return point.x >= 0 && point.y >= 0 && point.x < size.width && point.y < size.height;
}

export function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

const BREADTH = { least: 170, share: 0.32, most: 280 };
const LONG = 3;

/**
 * What is looked at first: all of the photo; of a long core its beginning, wide enough to tell rocks apart.
 *
 * @returns the box of the photo that is to fill the pane
 */
export function firstLook(photo: Size, pane: Size): Box {
  const whole = { x: 0, y: 0, ...photo };
  const stands = photo.height >= photo.width;
  const breadth = Math.min(photo.width, photo.height);
  const scale = Math.min(pane.width / photo.width, pane.height / photo.height);
  const room = stands ? pane.width : pane.height;
  const across = Math.min(clamp(BREADTH.share * room, BREADTH.least, BREADTH.most), room);
  if (Math.max(photo.width, photo.height) < LONG * breadth || breadth * scale >= across) return whole;
  const length = ((stands ? pane.height : pane.width) * breadth) / across;
  return stands
    ? { ...whole, height: Math.min(length, photo.height) }
    : { ...whole, width: Math.min(length, photo.width) };
}
