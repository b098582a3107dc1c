import { expect, it } from "vitest";
import { Turns } from "./turns";

const { signal } = new AbortController();

it("lets so many work at once, and the others in their order", async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const work = (number: number) => () => {
    begun.push(number);
    return new Promise<void>((resolve) => ends.push(resolve));
  };
  const all = [1, 2, 3, 4].map((number) => turns.take(work(number), signal));
  await Promise.resolve();
  expect(begun).toEqual([1, 2]);
  ends[1]?.();
  await all[1];
  await Promise.resolve();
  expect(begun).toEqual([1, 2, 3]);
  ends[0]?.();
  await all[0];
  await Promise.resolve();
  ends.slice(2).forEach((end) => end());
  await Promise.all(all);
  expect(begun).toEqual([1, 2, 3, 4]);
});

it("hands the turn on after an error, and does not begin what nobody waits for any more", async () => {
  const turns = new Turns(1);
  const stop = new AbortController();
  const failing = turns.take(() => Promise.reject(new Error("broken")), signal);
  const unwanted = turns.take(() => Promise.resolve("done"), stop.signal);
  const wanted = turns.take(() => Promise.resolve("done"), signal);
  stop.abort(new Error("gone"));
  await expect(failing).rejects.toThrow("broken");
  await expect(unwanted).rejects.toThrow("gone");
  expect(await wanted).toBe("done");
});
