import { describe, expect, it } from "vitest";
import type { Progress } from "@/api/client";
import {
  changed,
  culprit,
  EMPTY,
  hasEnded,
  newEntry,
  ordered,
  readyToSend,
  reopened,
  unfinished,
  without,
} from "./tray";
import type { Tray } from "./tray";

const WHAT = { model: "coral-bleaching@1.0.0", options: { threshold: 0.4 } };

function trayOf(...names: string[]): Tray {
  return { ...EMPTY, entries: names.map((name) => newEntry(name, name, 10, null)) };
}

function numbered(): () => string {
  let last = 0;
  return () => `order-${(last += 1)}`;
}

function progress(status: Progress["status"]): Progress {
  return { status, done: 0, total: 0, tiles_per_s: null, eta_s: null, queue_position: null };
}

describe("ordered", () => {
  it("puts as many photos in an order as the server takes", () => {
    const tray = ordered(trayOf("a", "b", "c"), WHAT, 2, numbered());
    expect(tray.entries.map(({ order, phase }) => [order, phase])).toEqual([
      ["order-1", "waiting"],
      ["order-1", "waiting"],
      ["order-2", "waiting"],
    ]);
    expect(tray.orders).toEqual([
      { id: "order-1", ...WHAT, batch: null },
      { id: "order-2", ...WHAT, batch: null },
    ]);
  });

  it("leaves what is no photo alone, and orders nothing of nothing", () => {
    const refused = { ...EMPTY, entries: [newEntry("a", "a", 10, "no photo")] };
    expect(ordered(refused, WHAT, 2, numbered())).toEqual(refused);
  });
});

describe("readyToSend", () => {
  const tray = ordered(trayOf("a", "b"), WHAT, 9, numbered());

  it("waits until nothing is on its way, and leaves out what was refused", () => {
    const half = changed(tray, "a", { phase: "uploaded" });
    expect(readyToSend(half, "order-1")).toBeNull();
    expect(readyToSend(changed(half, "b", { phase: "uploading" }), "order-1")).toBeNull();
    expect(readyToSend(changed(half, "b", { phase: "refused" }), "order-1")?.map(({ id }) => id)).toEqual(["a"]);
  });

  it("is nothing where all were refused, or taken already", () => {
    const refused = changed(changed(tray, "a", { phase: "refused" }), "b", { phase: "job" });
    expect(readyToSend(refused, "order-1")).toBeNull();
  });
});

describe("culprit", () => {
  const { entries } = trayOf("reef.jpg", "reef.jpg: copy", "core.tif");

  it("is the photo whose name stands in front of the sentence", () => {
    expect(culprit(entries, "core.tif: The header is damaged.")?.id).toBe("core.tif");
    expect(culprit(entries, "reef.jpg: copy: The header is damaged.")?.id).toBe("reef.jpg: copy");
    expect(culprit(entries, "The queue is full.")).toBeNull();
  });
});

describe("a tray that is opened again", () => {
  it("takes up what was on its way", () => {
    const tray = reopened(changed(trayOf("a"), "a", { phase: "uploading", sent: 4, upload: "/uploads/1" }));
    expect(tray.entries[0]).toMatchObject({ phase: "waiting", sent: 4, upload: "/uploads/1" });
  });

  it("forgets orders that nobody belongs to", () => {
    const tray = ordered(trayOf("a", "b"), WHAT, 1, numbered());
    expect(without(tray, new Set(["a"])).orders.map(({ id }) => id)).toEqual(["order-2"]);
  });
});

describe("unfinished", () => {
  it("are the jobs that are not over, the oldest first", () => {
    let tray = trayOf("a", "b", "c", "d");
    tray = changed(tray, "a", { phase: "job", progress: progress("finished") });
    tray = changed(tray, "b", { phase: "job" });
    tray = changed(tray, "c", { phase: "job", progress: progress("started") });
    expect(unfinished(tray).map(({ id }) => id)).toEqual(["b", "c"]);
    expect(tray.entries.map(hasEnded)).toEqual([true, false, false, false]);
  });
});
