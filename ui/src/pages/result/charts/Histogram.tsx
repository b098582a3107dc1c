import { Axis, Orientation } from "@visx/axis";
import { scaleLinear } from "@visx/scale";
import { useId, useMemo } from "react";
import { bins, tallest, type Bin } from "../answer/histogram";
import type { ClassStyle } from "../answer/class_style";
import type { Decision } from "../answer/decision";
import { fillOf, PatternOf } from "./Patterned";
import styles from "./Histogram.module.css";

interface Props {
  probabilities: readonly number[];
  labels: readonly string[];
  classes: readonly ClassStyle[];
  decision: Decision;
  /** What the probability is of. */
  of: string;
}

const WIDTH = 320;
const HEIGHT = 132;
/** The range input under it has its thumb's radius on both sides. */
const SIDE = 8;
const TOP = 10;
const BOTTOM = 22;

/** How many tiles have which probability, coloured by label, with the threshold and the unsure band. */
export function Histogram({ probabilities, labels, classes, decision, of }: Props) {
  const id = useId();
  const names = useMemo(() => classes.map(({ name }) => name), [classes]);
  const found = useMemo(() => bins(probabilities, labels, names), [probabilities, labels, names]);
  const across = scaleLinear<number>({ domain: [0, 1], range: [SIDE, WIDTH - SIDE] });
  const up = scaleLinear<number>({ domain: [0, tallest(found)], range: [HEIGHT - BOTTOM, TOP] });
  const { threshold, band } = decision;
  return (
    <svg
      className={styles["chart"]}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`Tiles by probability of ${of}. ${inWords(found)} Decided at ${threshold.toFixed(2)}.`}
    >
      <defs>
        {classes.map((style) => (
          <PatternOf key={style.index} id={id} style={style} />
        ))}
      </defs>
      {band === null ? null : (
        <rect
          className={styles["band"]}
          x={across(band[0])}
          y={TOP - 4}
          width={Math.max(1, across(band[1]) - across(band[0]))}
          height={HEIGHT - BOTTOM - TOP + 4}
        />
      )}
      {found.map((bin) => (
        <Bar key={bin.from} bin={bin} fills={classes.map((style) => fillOf(id, style))} across={across} up={up} />
      ))}
      <Axis
        orientation={Orientation.bottom}
        scale={across}
        top={HEIGHT - BOTTOM}
        numTicks={5}
        tickLength={4}
        axisClassName={styles["axis"] ?? ""}
      />
      <line
        className={styles["threshold"]}
        x1={across(threshold)}
        x2={across(threshold)}
        y1={TOP - 8}
        y2={HEIGHT - BOTTOM + 4}
      />
    </svg>
  );
}

type Scale = (value: number) => number;

function Bar({ bin, fills, across, up }: { bin: Bin; fills: string[]; across: Scale; up: Scale }) {
  let below = 0;
  return bin.counts.map((count, index) => {
    const bottom = below;
    below += count;
    return count === 0 ? null : (
      <rect
        key={fills[index]}
        x={across(bin.from) + 0.5}
        y={up(below)}
        width={across(bin.to) - across(bin.from) - 1}
        height={Math.max(1, up(bottom) - up(below))}
        fill={fills[index]}
      />
    );
  });
}

/** Where most tiles are, for whoever cannot see the bars. */
function inWords(found: readonly Bin[]): string {
  const quarters = [0, 0, 0, 0];
  for (const bin of found) {
    const quarter = Math.min(3, Math.floor(((bin.from + bin.to) / 2) * 4));
    quarters[quarter] = (quarters[quarter] ?? 0) + bin.counts.reduce((sum, n) => sum + n, 0);
  }
  return quarters.map((n, index) => `${n} from ${index / 4} to ${(index + 1) / 4}`).join(", ") + ".";
}
