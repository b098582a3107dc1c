// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, configure, fireEvent, render, screen, within } from "@testing-library/react";
import { createMemoryRouter, RouterProvider } from "react-router";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { desk } from "@/tray/desk";
import { newEntry } from "@/tray/tray";
import ResultPage from ".";

vi.mock("./viewer/library", () => ({ loadViewer: () => new Promise(() => undefined) }));

configure({ asyncUtilTimeout: 15_000 }); // machines may be busy with other tests
vi.setConfig({ testTimeout: 30_000 });

const HOME = "/api/v1/jobs/7";
const JOB = {
  id: "7",
  number: 7,
  status: "finished",
  cancel_requested: false,
  done: 4,
  total: 4,
  tiles_per_s: null,
  eta_s: null,
  queue_position: null,
  attempts: 1,
  model: "coral-bleaching@1.0.0",
  model_sha256: "ab".repeat(32),
  options: { opacity: 0.5 },
  metadata: { site: "North Bay" },
  photo: { name: "reef.jpg", bytes: 1_234_567, width: 488, height: 488 },
  batch: null,
  dialect: "native",
  created_at: "2026-03-01T09:30:00Z",
  started_at: null,
  finished_at: null,
  expires_at: "2026-03-02T09:30:00Z",
  timings_s: { queued: 0.1 },
  error: null as { code: string; message: string } | null,
  links: { summary: `${HOME}/summary.json`, tiles_csv: `${HOME}/tiles.csv`, photo: `${HOME}/photo` },
};
const SUMMARY = {
  options: {},
  width: 488,
  height: 488,
  tiles: { total: 4, by_class: { healthy: 2, bleached: 2 } },
  timings_s: {},
};
const CSV = `x,y,width,height,probability,label
0,0,244,244,0.1,healthy
244,0,244,244,0.4,healthy
0,244,244,244,0.6,bleached
244,244,244,244,0.95,bleached
`;
const MODEL = {
  classes: [
    { index: 0, name: "healthy", rgb: [34, 197, 94] },
    { index: 1, name: "bleached", rgb: [239, 68, 68] },
  ],
  manifest: { decision: { threshold: 0.5, positive: "bleached", unsure_band: null } },
};

type Answers = Record<string, unknown>;
const asked: string[] = [];

/** A server that knows some addresses: text as it is, all else as JSON, a Response as itself. */
function serve(answers: Answers): void {
  vi.stubGlobal("fetch", (request: Request) => {
    const path = new URL(request.url).pathname;
    asked.push(`${request.method} ${path}`);
    const answer = answers[path];
    if (answer instanceof Response) return Promise.resolve(answer.clone());
    if (answer === undefined) return Promise.resolve(problem(404, "not_found", "There is nothing here."));
    return Promise.resolve(new Response(typeof answer === "string" ? answer : JSON.stringify(answer)));
  });
}

function problem(status: number, code: string, detail: string): Response {
  return new Response(JSON.stringify({ status, code, detail }), { status });
}

function open(answers: Answers): void {
  serve(answers);
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const router = createMemoryRouter([{ path: "/jobs/:id", element: <ResultPage /> }], { initialEntries: ["/jobs/7"] });
  render(
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
}

const reef = (summary: object = SUMMARY): Answers => ({
  [HOME]: JOB,
  [`${HOME}/summary.json`]: summary,
  [`${HOME}/tiles.csv`]: CSV,
  "/api/v1/models/coral-bleaching%401.0.0": MODEL,
});

function countsOf(name: string): string {
  return screen.getByRole("checkbox", { name: new RegExp(name) }).closest("label")?.textContent ?? "";
}

beforeEach(() => {
  asked.length = 0;
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
  vi.stubGlobal(
    "Worker",
    class extends EventTarget {
      postMessage = () => undefined;
      terminate = () => undefined;
    },
  );
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("a result of tiles", () => {
  it("counts anew as the threshold moves, says what is stored, and goes back to it", async () => {
    open(reef());
    const threshold = await screen.findByRole("slider", { name: /Threshold/ });
    expect(countsOf("Bleached")).toContain("2 · 50.0 %");
    const before = asked.length;
    fireEvent.change(threshold, { target: { value: "0.9" } });
    expect(countsOf("Bleached")).toContain("1 · 25.0 %");
    expect(countsOf("Healthy")).toContain("3 · 75.0 %");
    expect(screen.getByText(/The stored result used 0.50/)).toBeDefined();
    expect(screen.getByRole("button", { name: /Tiles as set here/ })).toBeDefined();
    fireEvent.click(screen.getByRole("button", { name: "Back to it" }));
    expect(countsOf("Bleached")).toContain("2 · 50.0 %");
    expect(asked).toHaveLength(before);
  });

  it("calls tiles near the threshold unsure when asked to", async () => {
    open(reef());
    fireEvent.change(await screen.findByRole("slider", { name: /Unsure within/ }), { target: { value: "0.1" } });
    expect(countsOf("Unsure")).toContain("2 · 50.0 %");
    expect(countsOf("Bleached")).toContain("1 · 25.0 %");
  });

  it("warns of a photo that the model was not made for, and of no other", async () => {
    open(reef({ ...SUMMARY, domain: { score: 2.5, limit: 1.25, out_of_domain: true } }));
    expect(await screen.findByText(/unlike those the model was made for/)).toBeDefined();
    cleanup();
    open(reef({ ...SUMMARY, domain: { score: 1.0, limit: 1.25, out_of_domain: false } }));
    await screen.findByRole("slider", { name: /Threshold/ });
    expect(screen.queryByText(/unlike those/)).toBeNull();
  });

  it("is there when its model is gone, without a threshold", async () => {
    open({ ...reef(), "/api/v1/models/coral-bleaching%401.0.0": undefined });
    expect(await screen.findByRole("checkbox", { name: /Bleached/ })).toBeDefined();
    expect(screen.queryByRole("slider", { name: /Threshold/ })).toBeNull();
  });
});

describe("a result of a core", () => {
  it("lists areas, the largest first, and the log in metres", async () => {
    const interval = { length_m: 1, index: 3, share: 0.9, confidence: 0.8, top_px: 0, base_px: 100 };
    const areas = [
      { index: 1, name: "sandstone", rgb: [174, 199, 232], pixels: 10, share: 0.1 },
      { index: 3, name: "mudstone", rgb: [152, 223, 138], pixels: 90, share: 0.9 },
    ];
    open({
      ...reef(),
      [HOME]: { ...JOB, links: { summary: `${HOME}/summary.json`, labels: `${HOME}/labels.png` } },
      [`${HOME}/summary.json`]: {
        ...SUMMARY,
        tiles: undefined,
        classes: areas,
        covered_share: 0.5,
        core_axis: "y",
        intervals: [{ ...interval, top_m: 812.4, base_m: 813.4, name: "mudstone" }],
      },
    });
    const boxes = await screen.findAllByRole("checkbox", { name: /stone/ });
    expect(boxes.map((box) => box.closest("label")?.textContent)).toEqual(["Mudstone90.0 %", "Sandstone10.0 %"]);
    const log = screen.getByRole("region", { name: "Intervals along the core" });
    expect(within(log).getByRole("row", { name: "812.40 813.40 Mudstone 90% 80%" })).toBeDefined();
  });
});

describe("a giant's label map", () => {
  const links = {
    summary: `${HOME}/summary.json`,
    labels_tif: `${HOME}/labels.tif`,
    confidence_tif: `${HOME}/confidence.tif`,
  };
  const areas = [{ index: 1, name: "sandstone", rgb: [174, 199, 232], pixels: 1, share: 1 }];
  const giant = (confidence: Response): Answers => ({
    ...reef(),
    [HOME]: { ...JOB, links },
    [links.summary]: { ...SUMMARY, tiles: undefined, classes: areas, covered_share: 1 },
    [links.labels_tif]: new Response("labels", { headers: { "content-length": "6" } }),
    [links.confidence_tif]: confidence,
  });

  beforeEach(() => {
    const map = { width: 1, height: 1, stride: 7, full: { width: 5, height: 5 }, data: new Uint8Array([1]) };
    vi.stubGlobal(
      "Worker",
      class extends EventTarget {
        postMessage = () => this.dispatchEvent(new MessageEvent("message", { data: { map } }));
        terminate = () => undefined;
      },
    );
  });

  it("comes with how sure it is", async () => {
    open(giant(new Response("sure", { headers: { "content-length": "4" } })));
    expect(await screen.findByRole("slider", { name: /less sure than/ })).toBeDefined();
  });

  it("comes without where that is too much to fetch", async () => {
    open(giant(new Response("sure", { headers: { "content-length": "200000000" } })));
    await vi.waitFor(() => expect(asked).toContain(`GET ${links.confidence_tif}`));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(screen.queryByRole("slider", { name: /less sure than/ })).toBeNull();
    expect(screen.queryByText(/cannot be shown/)).toBeNull();
  });
});

describe("a job without a result", () => {
  it("that failed says why, and how to go on", async () => {
    const error = { code: "damaged_photo", message: "The JPEG photo is damaged; send it again." };
    open({ [HOME]: { ...JOB, status: "failed", error } });
    expect(await screen.findByText(error.message)).toBeDefined();
    expect(screen.getByRole("link", { name: "Send a photo again" })).toBeDefined();
  });

  it("that this tab sent is tried again from here", async () => {
    const entry = { ...newEntry("mine", "reef.jpg", 9, null), job: "7" };
    const tray = { entries: [entry], orders: [] };
    vi.spyOn(desk, "open").mockResolvedValue();
    vi.spyOn(desk, "tray").mockReturnValue(tray);
    vi.spyOn(desk, "canTryAgain").mockReturnValue(true);
    const again = vi.spyOn(desk, "again").mockResolvedValue();
    open({ [HOME]: { ...JOB, status: "failed", error: { code: "crashed", message: "It was given up." } } });
    fireEvent.click(await screen.findByRole("button", { name: "Try again" }));
    expect(again).toHaveBeenCalledWith("mine");
    vi.restoreAllMocks();
  });

  it("that waits says how many come first, and can be cancelled", async () => {
    const waiting = { ...JOB, status: "queued", queue_position: 3, total: 0, done: 0 };
    open({ [HOME]: waiting, [`${HOME}/cancel`]: { ...waiting, status: "cancelled" } });
    expect(await screen.findByText("3 jobs have their turn before it")).toBeDefined();
    fireEvent.click(screen.getByRole("button", { name: "Cancel" }));
    await vi.waitFor(() => expect(asked).toContain(`POST ${HOME}/cancel`));
  });

  it("that ran out is told apart from one that never was", async () => {
    open({ [HOME]: problem(410, "expired", "The job's time has run out.") });
    expect(await screen.findByRole("heading", { name: "This result is gone" })).toBeDefined();
    cleanup();
    open({});
    expect(await screen.findByRole("heading", { name: "There is no such job" })).toBeDefined();
  });
});
