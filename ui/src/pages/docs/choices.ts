/** What the reader of a documentation page chose for all its examples. */
import { createContext, useContext, useState } from "react";
import { askForKey } from "@/session/key";
import { useKey } from "@/session/useKey";
import { KEY_PLACEHOLDER, type Place } from "./examples";

export type Language = "curl" | "python";

export interface Choices {
  language: Language;
  choose: (language: Language) => void;
  /** The reader's key while it is to stand in the examples. */
  shownKey: string | null;
  showKey: () => Promise<void>;
  hideKey: () => void;
}

const Context = createContext<Choices | null>(null);

export const ChoicesProvider = Context.Provider;

export function useNewChoices(): Choices {
  const [language, choose] = useState<Language>("curl");
  const [isWanted, want] = useState(false);
  const key = useKey();
  return {
    language,
    choose,
    shownKey: isWanted ? key : null,
    showKey: async () => want((await askForKey(null)) !== null),
    hideKey: () => want(false),
  };
}

export function useChoices(): Choices {
  const choices = useContext(Context);
  if (choices === null) throw new Error("An example stands outside of a documentation page.");
  return choices;
}

/** Where an example goes; `needsKey` is whether the API is one that wants a key. */
export function placeOf(choices: Choices, needsKey: boolean): Place {
  return { server: location.origin, key: needsKey ? (choices.shownKey ?? KEY_PLACEHOLDER) : null };
}
