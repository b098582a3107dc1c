/** Server-sent events over fetch, since EventSource cannot send the key (WHATWG HTML section 9.2). */
import { foundAway, whenBack } from "./connection";
import { ApiError, UNREACHABLE } from "./problem";
import { send } from "./send";

export interface ServerEvent {
  event: string;
  id: string | null;
  data: string;
}

const PAUSE_MS = 1_000;

/** Cuts a stream of text into events as it comes. */
export class EventParser {
  #rest = "";

  /** The events that `text` completes. */
  push(text: string): ServerEvent[] {
    const blocks = (this.#rest + text).replaceAll("\r\n", "\n").split("\n\n");
    this.#rest = blocks.pop() ?? "";
    return blocks.flatMap((block) => readBlock(block) ?? []);
  }
}

function readBlock(block: string): ServerEvent | null {
  const found: ServerEvent = { event: "message", id: null, data: "" };
  const lines: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") found.event = value;
    else if (name === "id") found.id = value;
    else if (name === "data") lines.push(value);
  }
  found.data = lines.join("\n");
  return lines.length > 0 ? found : null;
}

/**
 * Every event of an address until its stream has ended for good. A line that breaks is taken up where it broke, and a
 * server that is away is waited for.
 *
 * @param path the stream
 * @param ends whether an event is the last
 * @throws ApiError the server refuses, such as a job that is gone
 */
export async function* watchEvents(
  path: string,
  ends: (event: ServerEvent) => boolean,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent, void> {
  let lastId: string | null = null;
  while (!signal.aborted) {
    try {
      for await (const event of openStream(path, lastId, signal)) {
        lastId = event.id ?? lastId;
        yield event;
        if (ends(event)) return;
      }
      await pause(signal);
    } catch (error) {
      if (hasEnded(signal)) return;
      if (error instanceof ApiError && error.code !== UNREACHABLE) throw error;
      foundAway();
      await whenBack();
    }
  }
}

/** Asked in a function, since the compiler takes what a loop's head saw as settled. */
function hasEnded(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function* openStream(
  path: string,
  lastId: string | null,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent, void> {
  const headers = new Headers(lastId === null ? [] : [["Last-Event-ID", lastId]]);
  const answer = await send(new Request(new URL(path, location.origin), { headers, signal, cache: "no-store" }));
  if (answer.body === null) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new EventParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(value);
    }
  } finally {
    await reader.cancel().catch(() => undefined); // the line is broken already
  }
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, PAUSE_MS);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
