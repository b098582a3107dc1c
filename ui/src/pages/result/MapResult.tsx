import { useCallback, useMemo } from "react";
import type { Job } from "@/api/client";
import { sentenceOf } from "@/api/problem";
import { Notice } from "@/parts/Notice";
import { count } from "@/words/amounts";
import type { MapAnswer, Summary } from "./answer/answer";
import { depthsOf } from "./answer/depths";
import { readPixel } from "./answer/reading";
import { useMaps } from "./answer/useAnswer";
import { IntervalTable } from "./log/IntervalTable";
import { ClassList } from "./panel/ClassList";
import { Section } from "./panel/Section";
import { percent } from "./panel/words";
import { ResultLayout } from "./ResultLayout";
import { nextPoint } from "./viewer/cursor";
import type { Point } from "./viewer/geometry";
import { MapPainter } from "./viewer/map_painter";
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
  const { core, areas } = answer;
  const depths = useMemo(
    () => (core === null ? null : depthsOf(summary.options, core.axis, core.length)),
    [core, summary],
  );
  const painter = useMemo(() => (labels === null ? null : new MapPainter(labels, answer.styles)), [labels, answer]);
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
      {({ hidden, onHidden }) => (
        <>
          <Section title="Area of each class" note={`${percent(answer.coveredShare)} of the photo`}>
            {areas.length === 0 ? (
              <p>Nothing but background was found.</p>
            ) : (
              <ClassList
                rows={areas.map(({ name, share }) => ({
                  name,
                  style: answer.styles.find((style) => style.name === name) ?? null,
                  share,
                  text: percent(share),
                }))}
                hidden={hidden}
                onHidden={onHidden}
              />
            )}
          </Section>
          {core === null ? null : (
            <Section title="Log" note={count(core.intervals.length, "interval")}>
              <IntervalTable core={core} />
            </Section>
          )}
        </>
      )}
    </ResultLayout>
  );
}
