import { useCallback, useMemo } from "react";
import type { Job } from "@/api/client";
import { sentenceOf } from "@/api/problem";
import { Notice } from "@/parts/Notice";
import { count } from "@/words/amounts";
import type { Core, Interval, MapAnswer, Summary } from "./answer/answer";
import { areasAbove, countByConfidence } from "./answer/confidence";
import { depthsOf } from "./answer/depths";
import { readPixel } from "./answer/reading";
import { useMaps } from "./answer/useAnswer";
import { IntervalTable } from "./log/IntervalTable";
import { ClassList } from "./panel/ClassList";
import { LeastConfidence } from "./panel/LeastConfidence";
import { Section } from "./panel/Section";
import { percent } from "./panel/words";
import { ResultLayout } from "./ResultLayout";
import { nextPoint } from "./viewer/cursor";
import type { Box, Point, Size } from "./viewer/geometry";
import { levelOf, MapPainter } from "./viewer/map_painter";
import type { Look } from "./viewer/painter";
import type { PhotoSource } from "./viewer/photo_zoom";
import styles from "./Result.module.css";

interface Props {
  job: Job;
  photo: PhotoSource;
  answer: MapAnswer;
  summary: Summary;
}

/** A label map: painted, measured, and where it is of a core, told as a log. */
export function MapResult({ job, photo, answer, summary }: Props) {
  const maps = useMaps(job);
  const { labels, confidence } = maps;
  const { core } = answer;
  const depths = useMemo(
    () => (core === null ? null : depthsOf(summary.options, core.axis, core.length)),
    [core, summary],
  );
  const painter = useMemo(
    () => (labels === null ? null : new MapPainter(labels, confidence, answer.styles)),
    [labels, confidence, answer],
  );
  const read = useCallback(
    (point: Point) => readPixel({ labels, confidence }, answer.styles, point, depths),
    [labels, confidence, answer, depths],
  );
  const move = useCallback(
    (from: Point | null, by: Point, scale: number): Point =>
      from === null ? { x: photo.size.width / 2, y: photo.size.height / 2 } : nextPoint(from, by, scale, photo.size),
    [photo],
  );
  const opacity = typeof job.options["opacity"] === "number" ? job.options["opacity"] : 0.5;
  const counts = useMemo(
    () => (labels === null || confidence === null ? null : countByConfidence(labels, confidence)),
    [labels, confidence],
  );
  const status =
    maps.error !== null ? (
      <div className={styles["overStage"]}>
        <Notice kind="bad" title="The label map cannot be shown">
          {sentenceOf(maps.error)}
        </Notice>
      </div>
    ) : labels === null ? (
      <p className={styles["mapComes"]} role="status">
        Loading the label map …
      </p>
    ) : null;
  return (
    <ResultLayout
      job={job}
      photo={photo}
      painter={painter}
      classes={answer.styles}
      opacity={opacity}
      core={core}
      depths={depths}
      read={read}
      move={move}
      along="place to place"
      own={[]}
      status={status}
    >
      {({ look, onLook, show }) => (
        <>
          <Areas answer={answer} counts={counts} look={look} onLook={onLook} stored={storedLeast(summary)} />
          {core === null ? null : (
            <Section title="Log" note={count(core.intervals.length, "interval")}>
              <IntervalTable core={core} onShow={(interval) => show(boxOf(interval, core, photo.size))} />
            </Section>
          )}
        </>
      )}
    </ResultLayout>
  );
}

function storedLeast({ options }: Summary): number {
  const least = options["min_confidence"];
  return typeof least === "number" ? least : 0;
}

function boxOf({ top_px: top, base_px: base }: Interval, { axis }: Core, { width, height }: Size): Box {
  return axis === "x" ? { x: top, y: 0, width: base - top, height } : { x: 0, y: top, width, height: base - top };
}

interface AreasProps {
  answer: MapAnswer;
  /** From `countByConfidence`; null while the confidence is not there. */
  counts: Uint32Array | null;
  look: Look;
  onLook: (look: Look) => void;
  stored: number;
}

/** How much there is of each class, and from which confidence on that counts. */
function Areas({ answer, counts, look, onLook, stored }: AreasProps) {
  const { least = 0 } = look;
  const areas = useMemo(
    () => (counts === null || least === 0 ? answer.areas : areasAbove(counts, answer.areas, levelOf(least))),
    [counts, answer, least],
  );
  if (areas.length === 0) {
    return (
      <Section title="Area of each class">
        <p>Nothing but background was found.</p>
      </Section>
    );
  }
  const kept = areas.reduce((sum, { share }) => sum + share, 0);
  return (
    <Section title="Area of each class" note={`${percent(answer.coveredShare)} of the photo`}>
      <ClassList
        rows={areas.map(({ name, share }) => ({
          name,
          style: answer.styles.find((style) => style.name === name) ?? null,
          share,
          text: percent(share),
        }))}
        hidden={look.hidden}
        onHidden={(hidden) => onLook({ ...look, hidden })}
      />
      {counts === null ? null : (
        <LeastConfidence
          least={least}
          onLeast={(value) => onLook({ ...look, least: value })}
          hiddenShare={Math.max(0, 1 - kept)}
          stored={stored}
        />
      )}
    </Section>
  );
}
