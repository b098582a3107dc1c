/** What a photo is doing right now: in words, and as a share of the way. */
import type { Entry } from "@/tray/tray";
import { bytes, count, duration, number } from "@/words/amounts";

export interface Said {
  text: string;
  /** 0 to 1; null where it cannot be told; undefined where nothing moves. */
  share: number | null | undefined;
}

export function said(entry: Entry): Said {
  switch (entry.phase) {
    case "ready":
      return { text: bytes(entry.bytes), share: undefined };
    case "waiting":
      return { text: `${bytes(entry.bytes)}, waits for its turn to be sent`, share: entry.sent / entry.bytes };
    case "uploading":
      return { text: `Sending ${bytes(entry.sent)} of ${bytes(entry.bytes)}`, share: entry.sent / entry.bytes };
    case "uploaded":
      return { text: "Sent; the job is ordered when the others are", share: 1 };
    case "refused":
      return { text: "", share: undefined };
    case "job":
      return ofJob(entry);
  }
}

function ofJob({ progress }: Entry): Said {
  if (progress === null) return { text: "", share: undefined };
  const { status, done, total, eta_s: eta, queue_position: before } = progress;
  switch (status) {
    case "queued":
      return { text: before ? `${count(before, "job")} before it` : "Next in line", share: undefined };
    case "started":
      if (total === 0) return { text: "Opening the photo", share: null };
      return {
        text: `${number(done)} of ${count(total, "tile")}${eta ? `, ${duration(eta)} left` : ""}`,
        share: done / total,
      };
    case "finished":
      return { text: count(total, "tile"), share: undefined };
    case "failed":
    case "cancelled":
      return { text: "", share: undefined };
  }
}
