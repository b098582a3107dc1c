import { useSyncExternalStore } from "react";
import { currentKey, hasDeclined, question, subscribe } from "./key";

export function useKey(): string | null {
  return useSyncExternalStore(subscribe, currentKey);
}

export function useKeyQuestion(): "first" | "again" | null {
  return useSyncExternalStore(subscribe, question);
}

export function useHasDeclined(): boolean {
  return useSyncExternalStore(subscribe, hasDeclined);
}
