// @vitest-environment jsdom
import "fake-indexeddb/auto";
import { describe, expect, it } from "vitest";
import { keepTray, keptTray, randomId, tabName } from "./kept";
import { EMPTY, newEntry } from "./tray";

describe("what a tab keeps", () => {
  it("is there after a reload, and another tab does not see it", async () => {
    const tray = { ...EMPTY, entries: [newEntry("a", "reef.jpg", 10, null)] };
    await keepTray(tray);
    expect((await keptTray()).tray).toEqual(tray);
    const own = tabName();
    sessionStorage.clear();
    expect((await keptTray()).tray).toEqual(EMPTY);
    expect(tabName()).not.toBe(own);
  });

  it("has names that nobody else gives", () => {
    expect(randomId()).toMatch(/^[0-9a-f]{32}$/);
    expect(randomId()).not.toBe(randomId());
  });
});
