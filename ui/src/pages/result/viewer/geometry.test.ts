import { describe, expect, it } from "vitest";
import { firstLook, overlaps, toDevice, toPhoto, toScreen, visiblePart, type View } from "./geometry";

const view: View = { x: 20, y: -50, scale: 0.5, pane: { width: 400, height: 300 } };

describe("a view", () => {
  it("brings a point to the screen and back", () => {
    expect(toScreen(view, { x: 100, y: 300 })).toEqual({ x: 70, y: 100 });
    expect(toPhoto(view, { x: 70, y: 100 })).toEqual({ x: 100, y: 300 });
  });

  it("shows the part of the photo that is inside the pane", () => {
    expect(visiblePart(view, { width: 1000, height: 500 })).toEqual({ x: 0, y: 100, width: 760, height: 400 });
  });

  it("leaves no seam and no overlap between neighbours, at any scale", () => {
    for (const scale of [0.0371, 0.33, 1.7]) {
      const boxes = [0, 1, 2, 3].map((n) =>
        toDevice({ ...view, scale }, { x: n * 244, y: 0, width: 244, height: 9 }, 1.5),
      );
      for (const [n, box] of boxes.entries()) expect(boxes[n + 1]?.x ?? box.x + box.width).toBe(box.x + box.width);
    }
  });
});

describe("the first look", () => {
  const pane = { width: 800, height: 800 };

  it("is the whole of a photo that is not long", () => {
    expect(firstLook({ width: 4000, height: 3000 }, pane)).toEqual({ x: 0, y: 0, width: 4000, height: 3000 });
  });

  it("is the upper end of a long core, wide enough to see", () => {
    const box = firstLook({ width: 300, height: 12_000 }, pane);
    expect(box.y).toBe(0);
    expect((pane.height / box.height) * 300).toBeCloseTo(256);
  });

  it("is the left end of a core that lies", () => {
    const box = firstLook({ width: 12_000, height: 300 }, pane);
    expect([box.x, box.height]).toEqual([0, 300]);
    expect((pane.width / box.width) * 300).toBeCloseTo(256);
  });
});

it("boxes that only touch do not overlap", () => {
  const box = { x: 0, y: 0, width: 10, height: 10 };
  expect(overlaps(box, { ...box, x: 10 })).toBe(false);
  expect(overlaps(box, { ...box, x: 9.9 })).toBe(true);
});
