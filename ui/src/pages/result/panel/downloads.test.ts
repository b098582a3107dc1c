import { describe, expect, it } from "vitest";
import type { Job } from "@/api/client";
import { readTiles } from "../answer/tiles";
import { downloadsOf, overlayPath, tilesCsv } from "./downloads";
import { stemOf } from "./stem";

const look = { opacity: 0.35, hidden: new Set<string>(), withPatterns: true };

describe("what can be downloaded", () => {
  const job = {
    photo: { name: "reef 3.jpg" },
    links: { overlay: "/o.png", tiles_csv: "/t.csv", summary: "/s.json", photo: "/photo" },
  } as unknown as Job;

  it("is what the job has, named after its photo", () => {
    const found = downloadsOf(job, look, ["bleached", "healthy"], false);
    expect(found.map(({ file }) => file)).toEqual([
      "reef-3-overlay.png",
      "reef-3-tiles.csv",
      "reef-3-summary.json",
      "reef 3.jpg",
    ]);
  });

  it("has the overlay as it is looked at", () => {
    expect(overlayPath("/o.png", look, ["a", "b"], false)).toBe("/o.png?opacity=0.35");
    const hidden = { ...look, hidden: new Set(["a"]) };
    expect(overlayPath("/o.png", hidden, ["a", "b", "c d"], true)).toBe(
      "/o.png?opacity=0.35&classes=b%2Cc+d&legend=true",
    );
  });
});

it("writes tiles that are read as they were", async () => {
  const tiles = readTiles('x,y,width,height,probability,label\n0,0,5,6,0.25,"a ""b"", c"\n');
  const written = await tilesCsv(tiles, ['a "b", c']).text();
  expect(readTiles(written)).toEqual(tiles);
});

it("makes names fit for files", () => {
  expect(stemOf("Überhang (2).JPG")).toBe("Überhang-2");
  expect(stemOf("../../etc/passwd")).toBe("etc-passwd");
  expect(stemOf("....jpg")).toBe("photo");
  expect(stemOf("x".repeat(300))).toHaveLength(80);
});
