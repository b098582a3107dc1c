import { afterEach, describe, expect, it } from "vitest";
import { answerQuestion, askForKey, currentKey, forgetKey, question } from "./key";

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

  it("says that a key was refused, and keeps nothing when there is none", async () => {
    answerQuestion("facies_old");
    const asked = askForKey("facies_old");
    expect(question()).toBe("again");
    answerQuestion(null);
    expect(await asked).toBeNull();
    expect(currentKey()).toBe("facies_old");
  });
});
