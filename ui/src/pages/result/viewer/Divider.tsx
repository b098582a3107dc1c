import { useRef } from "react";
import { clamp } from "./geometry";
import styles from "./Divider.module.css";

interface Props {
  /** Share of the width that shows the original. */
  at: number;
  onChange: (at: number) => void;
}

const STEP = 0.02;
const KEYS: Record<string, (at: number) => number> = {
  ArrowLeft: (at) => at - STEP,
  ArrowRight: (at) => at + STEP,
  PageUp: (at) => at + 5 * STEP,
  PageDown: (at) => at - 5 * STEP,
  Home: () => 0,
  End: () => 1,
};

/** The line between original and result, to be dragged. */
export function Divider({ at, onChange }: Props) {
  const line = useRef<HTMLDivElement>(null);
  const follow = (clientX: number) => {
    const frame = line.current?.parentElement?.getBoundingClientRect();
    if (frame !== undefined) onChange(clamp((clientX - frame.left) / frame.width, 0, 1));
  };
  return (
    <div
      ref={line}
      className={styles["divider"]}
      style={{ left: `${100 * at}%` }}
      role="slider"
      tabIndex={0}
      aria-label="Line between original and result"
      aria-orientation="horizontal"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(100 * at)}
      aria-valuetext={`${Math.round(100 * at)} % original`}
      onPointerDown={(event) => {
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) follow(event.clientX);
      }}
      onKeyDown={(event) => {
        const move = KEYS[event.key];
        if (move === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        onChange(clamp(move(at), 0, 1));
      }}
    >
      <span className={styles["handle"]} aria-hidden="true">
        <svg viewBox="0 0 20 12" width="20" height="12">
          <path d="M6 1L1 6l5 5M14 1l5 5l-5 5" />
        </svg>
      </span>
    </div>
  );
}
