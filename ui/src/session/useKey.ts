import { useSyncExternalStore } from "react";
import { currentKey, question, subscribe } from "./key";

export function useKey(): string | null {
  return useSyncExternalStore(subscribe, currentKey);
}

export function useKeyQuestion(): "first" | "again" | null {
  return useSyncExternalStore(subscribe, question);
}
