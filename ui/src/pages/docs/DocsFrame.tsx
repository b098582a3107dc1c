import type { ReactNode } from "react";
import { ButtonLink } from "@/parts/Button";
import { Page } from "@/parts/Page";
import { ChoicesProvider, useNewChoices } from "./choices";
import { useAnchor } from "./useAnchor";
import styles from "./docs.module.css";

export interface Place {
  id: string;
  name: string;
}

interface Props {
  title: string;
  lead: ReactNode;
  /** The sections, as they are listed beside the page. */
  sections: readonly Place[];
  children: ReactNode;
}

/** A documentation page: its sections, a list of them beside, and one choice of language for all its examples. */
export function DocsFrame({ title, lead, sections, children }: Props) {
  const choices = useNewChoices();
  useAnchor();
  return (
    <Page title={title} lead={lead} actions={<ButtonLink to="/">Back to app</ButtonLink>}>
      <div className={styles["frame"]}>
        <nav aria-label="On this page" className={styles["contents"]}>
          <ul>
            {sections.map(({ id, name }) => (
              <li key={id}>
                <a href={`#${id}`}>{name}</a>
              </li>
            ))}
          </ul>
        </nav>
        <ChoicesProvider value={choices}>
          <div className={styles["sections"]}>{children}</div>
        </ChoicesProvider>
      </div>
    </Page>
  );
}

/** A section that can be pointed at. */
export function Section({ id, name, children }: Place & { children: ReactNode }) {
  return (
    <section id={id} aria-labelledby={`${id}-name`} className={styles["section"]}>
      <h2 id={`${id}-name`}>{name}</h2>
      {children}
    </section>
  );
}
