import { useState } from "react";
import type { Model } from "@/api/client";
import { sentenceOf } from "@/api/problem";
import { fetchBlob } from "@/api/send";
import { Button } from "@/parts/Button";
import { save } from "@/parts/save";
import styles from "./models.module.css";

/** The package as a zip. It is fetched, not linked to: the key goes into a header. */
export function Download({ model }: { model: Model }) {
  const [state, setState] = useState<"idle" | "busy" | { error: string }>("idle");
  const download = async () => {
    setState("busy");
    try {
      save(await fetchBlob(model.links["download"] ?? ""), `${model.model}.zip`);
      setState("idle");
    } catch (error) {
      setState({ error: sentenceOf(error) });
    }
  };
  return (
    <span className={styles["download"]}>
      <Button onClick={download} disabled={state === "busy"}>
        {state === "busy" ? "Fetching …" : "Download"}
        <span className="visually-hidden"> {model.model}</span>
      </Button>
      {typeof state === "object" ? <span role="alert">{state.error}</span> : null}
    </span>
  );
}
