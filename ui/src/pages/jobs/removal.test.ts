// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "@/api/problem";
import { Removal, UNDO_MS } from "./removal";

const REEF = { id: "1", name: "reef.jpg" };
const CORE = { id: "2", name: "core.jpg" };

describe("Removal", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("hides at once, and deletes when nobody thought again", async () => {
    const remove = vi.fn(() => Promise.resolve());
    const removal = new Removal(remove);
    removal.begin([REEF, CORE]);
    expect([...removal.hidden()]).toEqual(["1", "2"]);
    expect(remove).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect(remove.mock.calls).toEqual([["1"], ["2"]]);
    expect(removal.pending()).toBeNull();
    expect([...removal.hidden()]).toEqual(["1", "2"]); // the list may still be of before
  });

  it("deletes nothing after an undo", async () => {
    const remove = vi.fn(() => Promise.resolve());
    const removal = new Removal(remove);
    removal.begin([REEF]);
    removal.undo();
    await vi.advanceTimersByTimeAsync(2 * UNDO_MS);
    expect(remove).not.toHaveBeenCalled();
    expect([...removal.hidden()]).toEqual([]);
  });

  it("deletes the first when a second is to go", async () => {
    const remove = vi.fn(() => Promise.resolve());
    const removal = new Removal(remove);
    removal.begin([REEF]);
    removal.begin([CORE]);
    await vi.advanceTimersByTimeAsync(0);
    expect(remove.mock.calls).toEqual([["1"]]);
    removal.undo();
    expect([...removal.hidden()]).toEqual(["1"]);
  });

  it("shows again what could not be deleted, and says why", async () => {
    const removal = new Removal(() => Promise.reject(new ApiError("The server is full.", 507, "full")));
    removal.begin([REEF]);
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect([...removal.hidden()]).toEqual([]);
    expect(removal.problem()).toBe("The server is full.");
  });

  it("is content where a job was gone already", async () => {
    const removal = new Removal(() => Promise.reject(new ApiError("Job not found.", 404, "unknown_job")));
    removal.begin([REEF]);
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect([[...removal.hidden()], removal.problem()]).toEqual([["1"], null]);
  });
});
