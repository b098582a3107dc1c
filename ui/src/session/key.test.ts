// @vitest-environment jsdom
import { afterEach, describe, expect, it } from "vitest";
import { answerQuestion, askAgain, askForKey, currentKey, forgetKey, hasDeclined, keepKey, question } from "./key";

describe("askForKey", () => {
  afterEach(() => {
    answerQuestion(null);
    forgetKey();
  });

  it("asks once for all who wait", async () => {
    const both = [askForKey(null), askForKey(null)];
    expect(question()).toBe("first");
    answerQuestion("facies_k");
    expect(await Promise.all(both)).toEqual(["facies_k", "facies_k"]);
    expect([question(), currentKey()]).toEqual([null, "facies_k"]);
  });

  it("does not ask a request that was sent before the key came", async () => {
    answerQuestion("facies_k");
    expect(await askForKey(null)).toBe("facies_k");
    expect(question()).toBeNull();
  });

  it("says that a key was refused, and keeps it no longer", async () => {
    keepKey("facies_old");
    const asked = askForKey("facies_old");
    expect([question(), currentKey()]).toEqual(["again", null]);
    answerQuestion("facies_new");
    expect(await asked).toBe("facies_new");
  });

  it("asks who has no key only when they want to be asked", async () => {
    const asked = askForKey(null);
    answerQuestion(null);
    expect([await asked, await askForKey(null), question(), hasDeclined()]).toEqual([null, null, null, true]);
    const wanted = askAgain();
    expect(question()).toBe("first");
    answerQuestion("facies_k");
    expect([await wanted, hasDeclined()]).toEqual(["facies_k", false]);
  });
});
