import { describe, expect, it } from "vitest";
import type { Progress } from "@/api/client";
import { newEntry } from "@/tray/tray";
import { said } from "./progress";

const entry = newEntry("a", "reef.jpg", 4_000_000, null);
const progress: Progress = { status: "queued", done: 0, total: 0, tiles_per_s: null, eta_s: null, queue_position: 3 };

describe("said", () => {
  it("tells how much is sent", () => {
    expect(said({ ...entry, phase: "uploading", sent: 1_000_000 })).toEqual({
      text: "Sending 1.0 MB of 4.0 MB",
      share: 0.25,
    });
  });

  it("tells the place in the queue", () => {
    const job = { ...entry, phase: "job" as const };
    expect(said({ ...job, progress }).text).toBe("3 jobs before it");
    expect(said({ ...job, progress: { ...progress, queue_position: 0 } }).text).toBe("Next in line");
  });

  it("tells the tiles, and how long the others will take", () => {
    const running: Progress = { ...progress, status: "started", done: 412, total: 1_204, eta_s: 4.2 };
    expect(said({ ...entry, phase: "job", progress: running })).toEqual({
      text: "412 of 1,204 tiles, 4 s left",
      share: 412 / 1_204,
    });
  });
});
