import { Axis, Orientation } from "@visx/axis";
import { scaleLinear } from "@visx/scale";
import type { Core } from "../answer/answer";
import { metresAt, type Depths } from "../answer/depths";
import type { View } from "../viewer/geometry";
import { onScreen, paneLength, shown } from "./scale";
import styles from "./CoreLog.module.css";

const AXIS_PX = 76; // room for 1,234.56 m
const HALF_A_LABEL_PX = { x: 30, y: 7 };
const TICK_EVERY_PX = { x: 90, y: 56 };

/** Depths in the hole along the core; pixels of the photo where nobody said how deep it was. */
export function DepthAxis({ core, depths, view }: { core: Core; depths: Depths | null; view: View }) {
  const { axis } = core;
  const [from, to] = shown(view, axis, core.length);
  if (to <= from) return <svg className={styles["depths"]} />;
  const stretch = onScreen(view, axis, from, to);
  const domain = depths === null ? [from, to] : [metresAt(depths, from), metresAt(depths, to)];
  const scale = scaleLinear<number>({ domain, range: [stretch.from, stretch.from + stretch.length] });
  const ticks = Math.max(2, Math.round(stretch.length / TICK_EVERY_PX[axis]));
  const format = scale.tickFormat(ticks);
  const values = scale.ticks(ticks).filter((value) => isWhole(scale(value), axis, paneLength(view, axis)));
  const unit = depths === null ? "px" : "m";
  return (
    <svg
      className={styles["depths"]}
      role="img"
      aria-label={`From ${format(domain[0] ?? 0)} to ${format(domain[1] ?? 0)} ${unit}`}
    >
      <Axis
        orientation={axis === "y" ? Orientation.left : Orientation.bottom}
        scale={scale}
        tickValues={values}
        tickLength={5}
        left={axis === "y" ? AXIS_PX : 0}
        hideAxisLine
        tickFormat={(value) => `${format(value)} ${unit}`}
        tickLabelProps={axis === "y" ? { dx: "-0.2em", dy: "0.32em", textAnchor: "end" } : { textAnchor: "middle" }}
      />
    </svg>
  );
}

/** Whether a tick's label would not be cut off by the pane's edge. */
function isWhole(at: number, axis: "x" | "y", pane: number): boolean {
  return at >= HALF_A_LABEL_PX[axis] && at <= pane - HALF_A_LABEL_PX[axis];
}
