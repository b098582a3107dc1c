import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { ModelDetail } from "@/api/client";
import { modelQuery } from "@/api/jobs";
import { sentenceOf } from "@/api/problem";
import { ButtonLink } from "@/parts/Button";
import { Notice } from "@/parts/Notice";
import { Page } from "@/parts/Page";
import { CardText } from "./CardText";
import { Colours } from "./Colours";
import { Download } from "./Download";
import { positiveOf, taskInWords, technicalFacts } from "./facts";
import { scoredSets, splitOf } from "./metrics";
import { Scores } from "./Scores";
import { Sources } from "./Sources";
import styles from "./models.module.css";

/** Everything a package says of itself. */
export function ModelPage({ reference }: { reference: string }) {
  const { data: model, error } = useQuery(modelQuery(reference));
  if (error) {
    return (
      <Page title="Models" tab={reference}>
        <Notice kind="bad" action={<ButtonLink to="/models">All models</ButtonLink>}>
          {sentenceOf(error)}
        </Notice>
      </Page>
    );
  }
  if (model === undefined) return <Page title={reference}>{null}</Page>;
  return (
    <Page
      title={model.title}
      tab={model.model}
      lead={model.description}
      actions={
        <>
          <ButtonLink to="/models">All models</ButtonLink>
          <Download model={model} />
        </>
      }
    >
      <p className={styles["soft"]}>
        <code>{model.model}</code> · {taskInWords(model.task)}
      </p>
      <Part name="Classes and colours">
        <Colours classes={model.classes} />
      </Part>
      <HowWell model={model} />
      <Part name="What it was trained and tested on">
        <Sources sources={model.manifest.sources} />
      </Part>
      {model.card ? (
        <Part name="The card: what to trust it with">
          <CardText markdown={model.card} />
        </Part>
      ) : null}
      <Part name="Technically">
        <dl className={styles["facts"]}>
          {technicalFacts(model).map(({ name, value }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </Part>
    </Page>
  );
}

function HowWell({ model }: { model: ModelDetail }) {
  const metrics = model.manifest.metrics;
  const sets = scoredSets(metrics, positiveOf(model));
  if (sets.length === 0) return null;
  return (
    <Part name="How well it does">
      <p className={styles["soft"]}>
        From {splitOf(metrics) || "a split that the package does not name"}. Beside each score its 95% interval.
      </p>
      <Scores sets={sets} />
    </Part>
  );
}

function Part({ name, children }: { name: string; children: ReactNode }) {
  return (
    <section className={styles["part"]}>
      <h2>{name}</h2>
      {children}
    </section>
  );
}
