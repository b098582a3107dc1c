import { useEffect, useRef, useState } from "react";
import type { Model } from "@/api/client";
import { Field } from "@/parts/Field";
import { type Search, SHOWN, type Shown } from "./search";
import styles from "./Filters.module.css";

const TYPING_MS = 250;

interface Props {
  search: Search;
  models: readonly Model[];
  onChange: (search: Search) => void;
}

export function Filters({ search, models, onChange }: Props) {
  const shown = Object.entries(SHOWN) as [Shown, (typeof SHOWN)[Shown]][];
  return (
    <search className={styles["filters"]}>
      <NameField search={search} onChange={onChange} />
      <Field label="Model">
        {(control) => (
          <select
            {...control}
            value={search.model}
            onChange={(event) => onChange({ ...search, model: event.target.value })}
          >
            <option value="">Any model</option>
            {models.map(({ model }) => (
              <option key={model}>{model}</option>
            ))}
          </select>
        )}
      </Field>
      <fieldset className={styles["statuses"]}>
        <legend className="visually-hidden">Status</legend>
        {shown.map(([status, { word }]) => (
          <label key={status}>
            <input
              type="radio"
              name="status"
              checked={search.status === status}
              onChange={() => onChange({ ...search, status })}
            />
            {word}
          </label>
        ))}
      </fieldset>
    </search>
  );
}

/** The list follows when the typing pauses. */
function NameField({ search, onChange }: Omit<Props, "models">) {
  const [typed, setTyped] = useState(search.name);
  const [known, setKnown] = useState(search.name);
  if (known !== search.name) {
    setKnown(search.name);
    setTyped(search.name); // also where somebody asked for all jobs again
  }
  const latest = useRef({ search, onChange });
  useEffect(() => {
    latest.current = { search, onChange };
  }, [search, onChange]);
  useEffect(() => {
    if (typed === latest.current.search.name) return;
    const timer = setTimeout(() => latest.current.onChange({ ...latest.current.search, name: typed }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <Field label="Photo’s name">
      {(control) => (
        <input
          {...control}
          type="search"
          placeholder="Any part of it"
          maxLength={200}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
    </Field>
  );
}
