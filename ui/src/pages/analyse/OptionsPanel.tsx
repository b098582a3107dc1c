import { useQuery } from "@tanstack/react-query";
import type { Model } from "@/api/client";
import { modelQuery } from "@/api/jobs";
import { Field } from "@/parts/Field";
import { Slider } from "@/parts/Slider";
import { share } from "@/words/amounts";
import { type Chosen, depthProblem } from "./options";
import styles from "./OptionsPanel.module.css";

interface Props {
  model: Model;
  value: Chosen;
  onChange: (chosen: Chosen) => void;
}

const STARTING_BAND = [0.35, 0.65] as const;
const STARTING_RATE = 0.1;
const STARTING_CONFIDENCE = 0.6;

/** What may be set for one analysis; as the package says where it is left alone. */
export function OptionsPanel({ model, value, onChange }: Props) {
  return (
    <details className={styles["options"]}>
      <summary>Options</summary>
      <div className={styles["body"]}>
        {model.task === "segmentation" ? (
          <MapOptions value={value} onChange={onChange} />
        ) : (
          <TileOptions model={model} value={value} onChange={onChange} />
        )}
      </div>
    </details>
  );
}

function TileOptions({ model, value, onChange }: Props) {
  const { data } = useQuery(modelQuery(model.model));
  const decision = data?.manifest.decision;
  const positive = decision?.positive ?? model.classes.at(-1)?.name ?? "positive";
  const threshold = value.threshold ?? decision?.threshold ?? 0.5;
  return (
    <>
      <div>
        <Slider
          label={`Call a tile “${positive}” from a probability of`}
          min={0.05}
          max={0.95}
          value={threshold}
          format={share}
          onChange={(next) => onChange({ ...value, threshold: next })}
        />
        <p className={styles["hint"]}>Lower finds more and errs more often. It can be moved in the result too.</p>
      </div>
      <UnsureTiles canHaveRate={data?.manifest.held_out != null} value={value} onChange={onChange} />
    </>
  );
}

/** Which tiles are called unsure rather than one or the other. */
function UnsureTiles({ canHaveRate, value, onChange }: Omit<Props, "model"> & { canHaveRate: boolean }) {
  const [low, high] = value.unsure ?? STARTING_BAND;
  const kind = value.errorRate !== null ? "rate" : value.unsure !== null ? "band" : "never";
  const choose = (next: string) =>
    onChange({
      ...value,
      unsure: next === "band" ? STARTING_BAND : null,
      errorRate: next === "rate" ? STARTING_RATE : null,
    });
  return (
    <div>
      <Field label="Call tiles “unsure”">
        {(control) => (
          <select {...control} value={kind} onChange={(event) => choose(event.target.value)}>
            <option value="never">never</option>
            <option value="band">between two probabilities</option>
            {canHaveRate ? <option value="rate">so that errors are as rare as I say</option> : null}
          </select>
        )}
      </Field>
      {kind === "band" ? (
        <>
          <Slider
            label="Unsure from"
            min={0.01}
            max={0.99}
            value={low}
            format={share}
            onChange={(next) => onChange({ ...value, unsure: [next, Math.max(next, high)] })}
          />
          <Slider
            label="to"
            min={0.01}
            max={0.99}
            value={high}
            format={share}
            onChange={(next) => onChange({ ...value, unsure: [Math.min(low, next), next] })}
          />
        </>
      ) : null}
      {kind === "rate" ? (
        <Slider
          label="Wrong labels among the tiles of each class, at most"
          min={0.01}
          max={0.5}
          value={value.errorRate ?? STARTING_RATE}
          format={share}
          onChange={(errorRate) => onChange({ ...value, errorRate })}
        />
      ) : null}
    </div>
  );
}

function MapOptions({ value, onChange }: Omit<Props, "model">) {
  const problem = depthProblem(value);
  return (
    <>
      <div className={styles["pair"]}>
        <Field label="Top depth, m" hint="For the log along the core">
          {(control) => (
            <input
              {...control}
              inputMode="decimal"
              value={value.depthTop}
              onChange={(event) => onChange({ ...value, depthTop: event.target.value })}
            />
          )}
        </Field>
        <Field label="Base depth, m" error={problem}>
          {(control) => (
            <input
              {...control}
              inputMode="decimal"
              value={value.depthBase}
              onChange={(event) => onChange({ ...value, depthBase: event.target.value })}
            />
          )}
        </Field>
      </div>
      <div>
        <label className={styles["check"]}>
          <input
            type="checkbox"
            checked={value.minConfidence !== null}
            onChange={(event) =>
              onChange({ ...value, minConfidence: event.target.checked ? STARTING_CONFIDENCE : null })
            }
          />
          Call pixels “unsure” that the model is not sure of
        </label>
        {value.minConfidence === null ? null : (
          <Slider
            label="Unsure below a confidence of"
            max={0.99}
            value={value.minConfidence}
            format={share}
            onChange={(minConfidence) => onChange({ ...value, minConfidence })}
          />
        )}
      </div>
      <div>
        <Slider
          label="Colour over the photo"
          value={value.opacity ?? 0.5}
          format={share}
          onChange={(opacity) => onChange({ ...value, opacity })}
        />
        <p className={styles["hint"]}>Of the picture to download. In the viewer it can be moved freely.</p>
      </div>
    </>
  );
}
