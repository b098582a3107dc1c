import { useEffect, useSyncExternalStore } from "react";
import { desk } from "./desk";
import type { Tray } from "./tray";

/** What this tab has in hand. */
export function useTray(): Tray {
  useEffect(() => void desk.open(), []);
  return useSyncExternalStore(desk.subscribe, desk.tray);
}
