/** Examples as text: what `curl` and what Python's `requests` would send, to this server, with or without a key. */

/** Where an example goes. */
export interface Place {
  /** Scheme, host and port. */
  server: string;
  /** What stands in the header `api-key`; null where none is sent. */
  key: string | null;
}

export interface Example {
  curl: string;
  python: string;
}

/** Stands for a key until the reader asks for the real one. */
export const KEY_PLACEHOLDER = "facies_...";

/** Ids that the examples are written with, as the answers beside them are. */
export const EXAMPLE_NUMBER = "1052";
export const EXAMPLE_JOB = "6f1c9a52-0f8e-4b43-9a0f-2f3f7a1f5a10";
export const EXAMPLE_BATCH = "0d9f8f0e-3c53-4e0b-9b0a-1f4f9d3c7e21";
export const EXAMPLE_UPLOAD = "b7c1f5d2-7a3e-4a57-8d0c-5e2f9a6c4b18";

const LONGEST_LINE = 96;

/** A call of curl; the parts go onto lines of their own where one would be too long. */
export function curl(place: Place, path: string, ...flags: string[]): string {
  const words = [...keyFlag(place), ...flags, quoted(place.server + path)];
  const line = `curl ${words.join(" ")}`;
  return line.length <= LONGEST_LINE ? line : `curl ${words.join(" \\\n  ")}`;
}

/** The first lines of a Python example: imports, the server's address, and the key where one is sent. */
export function preamble(place: Place, ...modules: string[]): string {
  const lines = [`import ${[...modules, "requests"].join(", ")}`, "", `server = ${JSON.stringify(place.server)}`];
  if (place.key !== null) lines.push(`key = {"api-key": ${JSON.stringify(place.key)}}`);
  return lines.join("\n");
}

/** What goes into the call of `requests` for the key. */
export function keyArgument(place: Place): string {
  return place.key === null ? "" : ", headers=key";
}

function keyFlag(place: Place): string[] {
  return place.key === null ? [] : [`-H "api-key: ${place.key}"`];
}

/** In quotation marks where a shell would read more into it. */
function quoted(address: string): string {
  return /[?&[\]{}*$]/.test(address) ? `"${address}"` : address;
}
