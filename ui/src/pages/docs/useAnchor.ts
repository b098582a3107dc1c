import { useEffect } from "react";

/** Goes to the place that the address names once it is there, and unfolds what it is folded into. */
export function useAnchor(): void {
  useEffect(() => {
    let isDone = false;
    const go = () => {
      const place = location.hash ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
      if (place === null) return;
      isDone = true;
      for (let folded = place.closest("details"); folded; folded = folded.parentElement?.closest("details") ?? null) {
        folded.open = true;
      }
      place.scrollIntoView();
    };
    const watcher = new MutationObserver(() => (isDone ? watcher.disconnect() : go()));
    watcher.observe(document.body, { childList: true, subtree: true });
    addEventListener("hashchange", go);
    go();
    return () => {
      watcher.disconnect();
      removeEventListener("hashchange", go);
    };
  }, []);
}
