// @vitest-environment jsdom
import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { client } from "@/api/client";
import { ApiError } from "@/api/problem";
import { Desk } from "./desk";
import { sendFile } from "./upload";

interface Sent {
  params: { header: Record<string, string> };
  body: { uploads: string[] };
}

vi.mock("./upload", () => ({ sendFile: vi.fn() }));
vi.mock("@/api/jobs", () => ({
  cancelJob: vi.fn(),
  deleteJob: vi.fn(),
  watchJob: async function* () {
    await new Promise(() => undefined); // no job ever moves
    yield null;
  },
}));

let ask: MockInstance<(path: string, options: Sent) => Promise<unknown>>;

function photo(name: string): File {
  return new File([Uint8Array.of(0xff, 0xd8, 0xff, 0xe0)], name);
}

function accepted(...ids: string[]) {
  const batch = ids.length > 1 ? "batch" : null;
  return { data: { jobs: ids.map((id) => ({ id, url: id })), batch, url: null } };
}

function bodies(): unknown[] {
  return ask.mock.calls.map(([, { body }]) => body.uploads);
}

function phases(desk: Desk) {
  return desk.tray().entries.map(({ name, phase, job, error }) => [name, phase, job, error]);
}

describe("Desk", () => {
  let desk: Desk;

  beforeEach(() => {
    ask = vi.spyOn(client, "POST") as never;
    vi.mocked(sendFile).mockImplementation((file) => Promise.resolve(`/api/v1/uploads/${file.name}`));
    desk = new Desk();
  });

  it("orders one batch when all photos are there", async () => {
    ask.mockResolvedValue(accepted("1", "2"));
    await desk.add([photo("a.jpg"), photo("b.jpg")]);
    desk.order("coral", { threshold: 0.4 }, 100);
    await vi.waitFor(() => expect(phases(desk).every(([, phase]) => phase === "job")).toBe(true));
    expect(bodies()).toEqual([["a.jpg", "b.jpg"]]);
    expect(phases(desk).map(([, , job]) => job)).toEqual(["1", "2"]);
    expect(desk.tray().orders[0]).toMatchObject({ batch: "batch", model: "coral", options: { threshold: 0.4 } });
  });

  it("leaves the photo out that the server refuses, under a name of its own", async () => {
    ask.mockRejectedValueOnce(new ApiError("b.jpg: Its header is damaged.", 400, "damaged_photo"));
    ask.mockResolvedValueOnce(accepted("1"));
    await desk.add([photo("a.jpg"), photo("b.jpg")]);
    desk.order("coral", {}, 100);
    await vi.waitFor(() =>
      expect(phases(desk)).toEqual([
        ["a.jpg", "job", "1", null],
        ["b.jpg", "refused", null, "Its header is damaged."],
      ]),
    );
    expect(bodies()).toEqual([["a.jpg", "b.jpg"], ["a.jpg"]]);
    const names = ask.mock.calls.map(([, { params }]) => params.header);
    expect(names[0]).not.toEqual(names[1]);
  });

  it("orders the others when one cannot be sent, and again what is tried again", async () => {
    vi.mocked(sendFile).mockRejectedValueOnce(new ApiError("It is too large.", 413, "upload_too_large"));
    ask.mockResolvedValue(accepted("1"));
    await desk.add([photo("a.jpg"), photo("b.jpg")]);
    desk.order("coral", {}, 100);
    await vi.waitFor(() => expect(phases(desk)[1]).toEqual(["b.jpg", "job", "1", null]));
    expect(phases(desk)[0]).toEqual(["a.jpg", "refused", null, "It is too large."]);
    const [refused] = desk.tray().entries;
    expect(refused && desk.canTryAgain(refused)).toBe(true);
    await desk.again(refused?.id ?? "");
    await vi.waitFor(() => expect(phases(desk)[0]).toEqual(["a.jpg", "job", "1", null]));
    expect(bodies()).toEqual([["b.jpg"], ["a.jpg"]]);
  });

  it("stops sending what is taken away", async () => {
    const signals: AbortSignal[] = [];
    vi.mocked(sendFile).mockImplementation((_, { signal }) => {
      signals.push(signal);
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
    });
    await desk.add([photo("a.jpg")]);
    desk.order("coral", {}, 100);
    await desk.stop(desk.tray().entries[0]?.id ?? "");
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(desk.tray()).toEqual({ entries: [], orders: [] });
    expect(ask).not.toHaveBeenCalled();
  });
});
