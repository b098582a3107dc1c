import type { Core, Interval } from "../answer/answer";
import { capitalised } from "../answer/class_style";
import styles from "./IntervalTable.module.css";

const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });

/** The log as a table, from the core's top down; a click on a rock shows it on the photo. */
export function IntervalTable({ core, onShow }: { core: Core; onShow: (interval: Interval) => void }) {
  const hasDepths = core.intervals.some(({ top_m }) => top_m !== null);
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by keyboard
    <div className={styles["scroll"]} role="region" aria-label="Intervals along the core" tabIndex={0}>
      <table className={styles["table"]}>
        <thead>
          <tr>
            <th scope="col">{hasDepths ? "From, m" : "From, px"}</th>
            <th scope="col">{hasDepths ? "To, m" : "To, px"}</th>
            <th scope="col">Rock</th>
            <th scope="col">Share</th>
            <th scope="col">Confidence</th>
          </tr>
        </thead>
        <tbody>
          {core.intervals.map((interval) => (
            <tr key={interval.top_px}>
              <td>{interval.top_m?.toFixed(2) ?? interval.top_px}</td>
              <td>{interval.base_m?.toFixed(2) ?? interval.base_px}</td>
              <td>
                <button type="button" onClick={() => onShow(interval)}>
                  {capitalised(interval.name)}
                </button>
              </td>
              <td>{percent.format(interval.share)}</td>
              <td>{percent.format(interval.confidence)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
