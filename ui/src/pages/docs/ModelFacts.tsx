import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { sentenceOf } from "@/api/problem";
import { serverQuery } from "@/api/server";
import { Notice } from "@/parts/Notice";
import { Colours } from "@/pages/models/Colours";
import { Sources } from "@/pages/models/Sources";
import { Section } from "./DocsFrame";
import styles from "./docs.module.css";

/** What the server says of the package behind an older API: classes, training data, and where to get it all. */
export function ModelFacts({ name }: { name: string }) {
  const { data: server, error } = useQuery(serverQuery);
  if (error) return <Notice kind="bad">{sentenceOf(error)}</Notice>;
  const model = server?.served[name];
  if (server === undefined) return null;
  if (model === undefined)
    return <Notice kind="warn">This server does not speak this API: it has no package for it.</Notice>;
  return (
    <>
      <Section id="classes" name="Classes and colours">
        <Colours classes={model.classes} />
      </Section>
      <Section id="training-data" name="Training data">
        <Sources sources={model.sources} />
        <p>
          <Link to={`/models/${model.model}`}>How well the model does, and where it fails</Link>
        </p>
      </Section>
      <Section id="source" name="Source and models">
        <p>
          Source: <SourceLink url={server.source_url} />
        </p>
        <p>
          Model: <b>{model.model}</b>, {model.title}
        </p>
        <ul className={styles["files"]}>
          {Object.entries(model.files).map(([file, address]) => (
            <li key={file}>
              <a href={address} download>
                {file}
              </a>
            </li>
          ))}
        </ul>
        <p>
          This API for machines: <a href="/openapi.json">openapi.json</a>
        </p>
      </Section>
    </>
  );
}

export function SourceLink({ url }: { url: string }) {
  if (!/^https?:\/\//.test(url)) return "the repository this server was installed from";
  return (
    <a href={url} rel="noopener noreferrer">
      {url}
    </a>
  );
}
