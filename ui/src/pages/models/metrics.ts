/** The metrics of a manifest, which may be any tables, as scores to show: what was measured, on what, how surely. */

export interface Score {
  name: string;
  value: number;
  low: number;
  high: number;
  isLowerBetter: boolean;
}

export interface ScoredSet {
  name: string;
  /** How many pictures, groups and so on it has, in words. */
  size: string;
  scores: Score[];
}

const NAMES: Record<string, string> = {
  auc: "AUC",
  auroc: "AUROC",
  macro_f1: "Macro-F1",
  ece: "Calibration error (ECE)",
  core_iou: "IoU of core against background",
  mean_iou: "Mean IoU",
  iou: "IoU",
};

const COUNTED = ["pictures", "photos", "tiles", "positive", "groups"];

type Table = Record<string, unknown>;

/** The sets that have scores, in the manifest's order. `positive` is the name of the positive class, if there is one. */
export function scoredSets(metrics: Table, positive: string | null): ScoredSet[] {
  return Object.entries(metrics).flatMap(([name, value]) => {
    if (!isTable(value)) return [];
    const scores = scoresIn(value, positive, []);
    return scores.length === 0 ? [] : [{ name: sentenceCase(words(name)), size: sizeOf(value), scores }];
  });
}

/** What the scores come from, as the manifest says it. */
export function splitOf(metrics: Table): string {
  return typeof metrics["split"] === "string" ? metrics["split"] : "";
}

function scoresIn(table: Table, positive: string | null, above: readonly string[]): Score[] {
  return Object.entries(table).flatMap(([name, value]) => {
    if (!isTable(value)) return [];
    const { value: score, low, high } = value;
    const path = [...above, name];
    if (typeof score !== "number" || typeof low !== "number" || typeof high !== "number") {
      return scoresIn(value, positive, path);
    }
    return [{ name: scoreName(path, positive), value: score, low, high, isLowerBetter: name === "ece" }];
  });
}

function scoreName(path: readonly string[], positive: string | null): string {
  const last = path.at(-1) ?? "";
  const of = /^positive_(.+)$/.exec(last)?.[1];
  if (of !== undefined) return sentenceCase(`${words(of)} of ${positive ?? "the positive class"}`);
  if (path[0] === "strangers") return `Told from ${words(path[1] ?? "others")} (${NAMES[last] ?? words(last)})`;
  const [first = last, ...rest] = path.map((part) => NAMES[part] ?? words(part));
  return sentenceCase([first, ...rest].join(" of "));
}

function sizeOf(table: Table): string {
  return COUNTED.flatMap((name) => {
    const count = table[name];
    return typeof count === "number" ? [`${count.toLocaleString("en")} ${name}`] : [];
  }).join(", ");
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function words(name: string): string {
  return name.replaceAll("_", " ");
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
