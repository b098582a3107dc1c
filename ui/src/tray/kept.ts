/**
 * The tray on the browser's own disk, so that a reload loses nothing: what it holds, and the files still to be sent.
 * Each tab has its own. Where a browser keeps nothing (private windows, no space) the tray lives as long as the page.
 */
import { createStore, del, delMany, entries as allEntries, get, set, type UseStore } from "idb-keyval";
import { EMPTY, type Tray } from "./tray";

const TAB_NAME = "facies-tab";
const KEPT_MS = 24 * 60 * 60 * 1_000; // as long as the server keeps an upload

interface Kept {
  tray: Tray;
  at: number;
}

let database: UseStore | null = null;

function store(): UseStore {
  database ??= createStore("facies", "tray");
  return database;
}

export function tabName(): string {
  const known = sessionStorage.getItem(TAB_NAME);
  if (known !== null) return known;
  const name = randomId();
  sessionStorage.setItem(TAB_NAME, name);
  return name;
}

/** `crypto.randomUUID` exists on https and localhost only; a server in the field is often neither. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function keepTray(tray: Tray): Promise<void> {
  const kept: Kept = { tray, at: Date.now() };
  await quietly(() => set(`${tabName()}/tray`, kept, store()));
}

export async function keepFile(id: string, file: File): Promise<void> {
  await quietly(() => set(`${tabName()}/file/${id}`, file, store()));
}

export async function dropFile(id: string): Promise<void> {
  await quietly(() => del(`${tabName()}/file/${id}`, store()));
}

/** What this tab had in hand before it was reloaded. */
export async function keptTray(): Promise<{ tray: Tray; files: Map<string, File> }> {
  const prefix = `${tabName()}/file/`;
  const files = new Map<string, File>();
  let tray = EMPTY;
  await quietly(async () => {
    tray = (await get<Kept>(`${tabName()}/tray`, store()))?.tray ?? EMPTY;
    for (const [name, value] of await allEntries<string, unknown>(store()))
      if (name.startsWith(prefix) && value instanceof File) files.set(name.slice(prefix.length), value);
    await forgetClosedTabs();
  });
  return { tray, files };
}

async function forgetClosedTabs(): Promise<void> {
  const found = await allEntries<string, unknown>(store());
  const live = new Set([tabName()]);
  for (const [name, value] of found)
    if (name.endsWith("/tray") && Date.now() - (value as Kept).at < KEPT_MS) live.add(tabOf(name));
  const dead = found.map(([name]) => name).filter((name) => !live.has(tabOf(name)));
  if (dead.length > 0) await delMany(dead, store());
}

function tabOf(name: string): string {
  return name.split("/", 1)[0] ?? "";
}

async function quietly(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch {
    // nothing is kept then, and nothing else changes
  }
}
