import { useEffect, useState } from "react";
import { Button } from "./Button";

/** Copies a text, and says so. */
export function CopyButton({ text, what = "example" }: { text: string; what?: string }) {
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => setSaid(""), 2_000);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
    } catch {
      setSaid("Select and copy it"); // over plain http other than localhost there is no clipboard
    }
  };
  return (
    <Button small look="quiet" onClick={copy}>
      <span aria-live="polite">{said || "Copy"}</span>
      <span className="visually-hidden"> {what}</span>
    </Button>
  );
}
