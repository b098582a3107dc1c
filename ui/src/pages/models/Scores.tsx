import type { Score, ScoredSet } from "./metrics";
import styles from "./Scores.module.css";

/** Scores with their intervals, in numbers and as marks on a scale from 0 to 1. */
export function Scores({ sets }: { sets: readonly ScoredSet[] }) {
  return (
    <div className={styles["sets"]}>
      {sets.map(({ name, size, scores }) => (
        <table key={name} className={styles["set"]}>
          <caption>
            <b>{name}</b> {size ? <span>{size}</span> : null}
          </caption>
          <thead className="visually-hidden">
            <tr>
              <th scope="col">Score</th>
              <th scope="col">Value</th>
              <th scope="col">95% interval</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {scores.map((score) => (
              <ScoreRow key={score.name} score={score} />
            ))}
          </tbody>
        </table>
      ))}
    </div>
  );
}

function ScoreRow({ score }: { score: Score }) {
  return (
    <tr>
      <th scope="row">
        {score.name}
        {score.isLowerBetter ? <small> lower is better</small> : null}
      </th>
      <td className={styles["value"]}>{score.value.toFixed(2)}</td>
      <td className={styles["interval"]}>
        {score.low.toFixed(2)}–{score.high.toFixed(2)}
      </td>
      <td className={styles["scale"]}>
        <Interval score={score} />
      </td>
    </tr>
  );
}

/** A mark at the value and a line over the interval. The numbers stand beside it. */
function Interval({ score: { value, low, high } }: { score: Score }) {
  return (
    <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" className={styles["marks"]}>
      <line x1="0" x2="100" y1="5" y2="5" className={styles["axis"]} />
      <line x1={100 * low} x2={100 * high} y1="5" y2="5" className={styles["range"]} />
      <line x1={100 * value} x2={100 * value} y1="0" y2="10" className={styles["mark"]} />
    </svg>
  );
}
