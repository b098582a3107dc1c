import { useId } from "react";
import { Link } from "react-router";
import type { Model } from "@/api/client";
import { Swatches } from "@/parts/Swatches";
import { ModelPicture } from "./ModelPicture";
import styles from "./ModelChoice.module.css";

interface Props {
  /** Undefined while they are asked for. */
  models: readonly Model[] | undefined;
  value: string | null;
  onChange: (reference: string) => void;
}

/** The packages as cards, of which one is chosen. */
export function ModelChoice({ models, value, onChange }: Props) {
  const name = useId();
  return (
    <fieldset className={styles["choice"]}>
      <legend>What to look for</legend>
      <div className={styles["cards"]}>
        {models === undefined ? [1, 2].map((place) => <div key={place} className={styles["waiting"]} />) : null}
        {models?.map((model) => (
          <label key={model.model} className={styles["card"]}>
            <input
              type="radio"
              name={name}
              value={model.model}
              checked={model.model === value}
              onChange={() => onChange(model.model)}
            />
            <ModelPicture model={model} />
            <span className={styles["words"]}>
              <span className={styles["title"]}>{model.title}</span>
              <span className={styles["description"]}>{model.description}</span>
              <Swatches classes={model.classes} />
              <span className={styles["reference"]}>
                <code>{model.model}</code>{" "}
                <Link to={`/models/${model.model}`}>
                  About it<span className="visually-hidden">: {model.model}</span>
                </Link>
              </span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
