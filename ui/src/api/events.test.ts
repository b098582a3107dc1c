import { describe, expect, it } from "vitest";
import { EventParser } from "./events";

describe("EventParser", () => {
  it("gives an event when it is complete, however the stream was cut", () => {
    const parser = new EventParser();
    expect(parser.push("retry: 2000\n\nevent: progress\nid: 1.started")).toEqual([]);
    expect(parser.push('.3.10\ndata: {"done": 3}\n')).toEqual([]);
    expect(parser.push("\n")).toEqual([{ event: "progress", id: "1.started.3.10", data: '{"done": 3}' }]);
  });

  it("passes over comments, and joins lines of data", () => {
    const parser = new EventParser();
    expect(parser.push(": still here\n\ndata: a\ndata: b\r\n\r\n")).toEqual([
      { event: "message", id: null, data: "a\nb" },
    ]);
  });
});
