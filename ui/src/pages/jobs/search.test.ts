import { describe, expect, it } from "vitest";
import { cursorOf, readSearch, writeSearch } from "./search";

describe("a search in the address", () => {
  it("comes back as it went", () => {
    const search = { name: "North Bay", model: "rock-types@1.0.0", status: "open" } as const;
    expect(readSearch(writeSearch(search))).toEqual(search);
  });

  it("is short where nothing is narrowed down", () => {
    expect(writeSearch({ name: "", model: "", status: "all" }).toString()).toBe("");
  });

  it("takes no word that it does not know", () => {
    expect(readSearch(new URLSearchParams("status=toString")).status).toBe("all");
  });
});

describe("cursorOf", () => {
  it("finds the cursor of the next page", () => {
    expect(cursorOf("/api/v1/jobs?limit=2&cursor=YmVm")).toBe("YmVm");
    expect(cursorOf(null)).toBeNull();
  });
});
