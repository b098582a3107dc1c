import { useState } from "react";
import { Button } from "@/parts/Button";
import { Dialog } from "@/parts/Dialog";
import { Field } from "@/parts/Field";
import { answerQuestion } from "./key";
import { useKeyQuestion } from "./useKey";
import styles from "./KeyPrompt.module.css";

/** Asks for the API key when a request was answered that one is needed. */
export function KeyPrompt() {
  const question = useKeyQuestion();
  return question === null ? null : <Prompt key={question} refused={question === "again"} />;
}

function Prompt({ refused }: { refused: boolean }) {
  const [typed, setTyped] = useState("");
  const key = typed.trim();
  return (
    <Dialog title="This server asks for a key" onClose={() => answerQuestion(null)}>
      <form
        className={styles["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (key) answerQuestion(key);
        }}
      >
        <p>
          It is printed by <code>facies keys create NAME</code>, and on the screen at the server&rsquo;s first start.
        </p>
        <Field
          label="API key"
          hint="Kept in this tab until it is closed or you sign out. It is never part of an address."
          error={refused ? "The server does not know this key, or its time has run out." : null}
        >
          {(control) => (
            <input
              {...control}
              type="password"
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              placeholder="facies_…"
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
        <div className={styles["buttons"]}>
          <Button onClick={() => answerQuestion(null)}>Not now</Button>
          <Button look="main" type="submit" disabled={!key}>
            Sign in
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
