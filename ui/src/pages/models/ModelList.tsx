import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import type { Model } from "@/api/client";
import { modelQuery, modelsQuery } from "@/api/jobs";
import { sentenceOf } from "@/api/problem";
import { Card } from "@/parts/Card";
import { Empty } from "@/parts/Empty";
import { Notice } from "@/parts/Notice";
import { Page } from "@/parts/Page";
import { ClassNames } from "./ClassNames";
import { Download } from "./Download";
import { positiveOf, taskInWords } from "./facts";
import { scoredSets, splitOf } from "./metrics";
import styles from "./models.module.css";

const SHOWN_SCORES = 3;

/** A card a model package. */
export function ModelList() {
  const { data: models, error } = useQuery(modelsQuery);
  return (
    <Page
      title="Models"
      lead="What can be looked for, how well each model does it on pictures it was not trained on, and the models to take away."
    >
      {error ? <Notice kind="bad">{sentenceOf(error)}</Notice> : null}
      {models?.length === 0 ? (
        <Empty title="There is no model yet">
          <code>facies models add</code> installs one.
        </Empty>
      ) : null}
      <ul className={styles["models"]}>
        {models?.map((model) => (
          <li key={model.model}>
            <ModelCard model={model} />
          </li>
        ))}
      </ul>
    </Page>
  );
}

function ModelCard({ model }: { model: Model }) {
  return (
    <Card className={styles["model"]}>
      <h2>
        <Link to={`/models/${model.model}`}>{model.title}</Link>
      </h2>
      <p>{model.description}</p>
      <p className={styles["soft"]}>
        <code>{model.model}</code> · {taskInWords(model.task)} · {model.licence}
      </p>
      <ClassNames classes={model.classes} />
      <Headline reference={model.model} />
      <div className={styles["buttons"]}>
        <Link to={`/models/${model.model}`}>All scores, sources and limits</Link>
        <Download model={model} />
      </div>
    </Card>
  );
}

/** The first scores of the first set, which is what a package puts first. */
function Headline({ reference }: { reference: string }) {
  const { data: model } = useQuery(modelQuery(reference));
  const metrics = model?.manifest.metrics ?? {};
  const [set] = scoredSets(metrics, model === undefined ? null : positiveOf(model));
  if (set === undefined) return model === undefined ? null : <p>Its package says nothing of how well it does.</p>;
  return (
    <div>
      <dl className={styles["headline"]}>
        {set.scores.slice(0, SHOWN_SCORES).map(({ name, value, low, high }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <b>{value.toFixed(2)}</b>{" "}
              <small>
                {low.toFixed(2)}–{high.toFixed(2)}
              </small>
            </dd>
          </div>
        ))}
      </dl>
      <p className={styles["small"]}>
        {set.name}: {[set.size, splitOf(metrics)].filter(Boolean).join("; ")}. Behind each score its 95% interval.
      </p>
    </div>
  );
}
