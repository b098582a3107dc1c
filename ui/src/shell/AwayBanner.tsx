import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { isAway, subscribe } from "@/api/connection";
import styles from "./AwayBanner.module.css";

/** Says that the server is away; when it is back, everything on the page is asked for anew. */
export function AwayBanner() {
  const away = useSyncExternalStore(subscribe, isAway);
  const wasAway = useRef(false);
  const queries = useQueryClient();
  useEffect(() => {
    if (wasAway.current && !away) void queries.invalidateQueries();
    wasAway.current = away;
  }, [away, queries]);
  return (
    <div role="status" className={away ? styles["banner"] : "visually-hidden"}>
      {away ? "The server does not answer. This page goes on by itself as soon as it does." : ""}
    </div>
  );
}
