import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { serverQuery } from "@/api/server";
import { ButtonLink } from "@/parts/Button";
import { Card } from "@/parts/Card";
import { Page } from "@/parts/Page";
import { coral } from "./contents/coral";
import { rock } from "./contents/rock";
import { SourceLink } from "./ModelFacts";
import styles from "./docs.module.css";

const APIS = [
  {
    name: "native",
    to: "/docs/api",
    title: "Native API",
    path: "/api/v1",
    about:
      "Everything: any model, options, batches, progress as it happens, every result as a file. This app is a client of " +
      "it. Begin here.",
  },
  { name: coral.name, to: "/docs/coral", title: coral.title, path: coral.base, about: coral.lead },
  { name: rock.name, to: "/docs/rock", title: rock.title, path: "/predict, /job", about: rock.lead },
] as const;

/** Which APIs there are. */
export function Overview() {
  const { data: server } = useQuery(serverQuery);
  return (
    <Page
      title="API documentation"
      lead="What this app does, your own programs can do as well."
      actions={<ButtonLink to="/">Back to app</ButtonLink>}
    >
      <ul className={styles["apis"]}>
        {APIS.map(({ name, to, title, path, about }) => (
          <li key={name}>
            <Card className={styles["api"]}>
              <h2>
                <Link to={to}>{title}</Link>
              </h2>
              <p>
                <code>{path}</code>
              </p>
              <p>{about}</p>
              <p className={styles["soft"]}>{keySentence(server?.requires_key[name])}</p>
            </Card>
          </li>
        ))}
      </ul>
      <p>
        For machines: <a href="/openapi.json">openapi.json</a>. In Python: <code>facies.Client</code>, shown on the page
        of the native API. On the command line: <code>facies submit</code>.
      </p>
      {server === undefined ? null : (
        <p className={styles["soft"]}>
          Facies {server.version}. Source: <SourceLink url={server.source_url} />
        </p>
      )}
    </Page>
  );
}

function keySentence(needed: boolean | undefined): string {
  if (needed === undefined) return "";
  return needed ? "Needs a key." : "Needs no key.";
}
