/** What the page of one of the two older APIs says; the server's own facts are put in beside it. */
import type { Example, Place } from "../examples";

export type Method = "GET" | "POST" | "DELETE";

export interface Route {
  method: Method;
  /** Below the base URL. */
  path: string;
  /** `code` stands between backticks, here and in every other sentence. */
  what: string;
  answer: string;
  /** Whether it is answered without a key even where the others need one. */
  open?: true;
  example: (place: Place) => Example;
}

export interface Sample {
  caption: string;
  json: string;
}

export interface ErrorRow {
  status: string;
  when: string;
}

export interface Contract {
  /** Its name in the server's own document. */
  name: "coral" | "rock";
  title: string;
  lead: string;
  /** Path of the base URL. */
  base: string;
  routes: readonly Route[];
  /** From sending to the saved picture. */
  script: (place: Place) => string;
  scriptIntroduction: string;
  answerTitle: string;
  answerIntroduction: string;
  answers: readonly Sample[];
  /** How to read the answers. */
  definitions: readonly { term: string; meaning: string }[];
  errors: { shape: string; rows: readonly ErrorRow[] };
}
