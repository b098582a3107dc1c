import { createRef, useCallback, useMemo, useState, type ReactNode } from "react";
import type { Job } from "@/api/client";
import type { Core } from "./answer/answer";
import type { ClassStyle } from "./answer/class_style";
import type { Depths } from "./answer/depths";
import type { Reading } from "./answer/reading";
import { Downloads, type OwnFile } from "./panel/Downloads";
import { downloadsOf } from "./panel/downloads";
import { Facts } from "./panel/Facts";
import { Section } from "./panel/Section";
import { Toolbar } from "./panel/Toolbar";
import type { Box, Point } from "./viewer/geometry";
import type { Look, Painter } from "./viewer/painter";
import type { PhotoSource, PhotoZoom } from "./viewer/photo_zoom";
import { Stage, type Mode } from "./viewer/Stage";
import styles from "./Result.module.css";

/** What is looked at, and how to look at something else. */
export interface Controls {
  look: Look;
  onLook: (look: Look) => void;
  /** Bring a part of the photo into view. */
  show: (box: Box) => void;
}

interface Props {
  job: Job;
  photo: PhotoSource;
  painter: Painter | null;
  classes: readonly ClassStyle[];
  /** To begin with. */
  opacity: number;
  core: Core | null;
  depths: Depths | null;
  read: (point: Point) => Reading | null;
  move: (from: Point | null, by: Point, scale: number) => Point;
  along: string;
  own: readonly OwnFile[];
  status?: ReactNode;
  /** What the task has of its own, above the downloads. */
  children: (controls: Controls) => ReactNode;
}

/** The photo with its answer, and beside it the numbers: the same for every task. */
export function ResultLayout({ job, photo, classes, opacity, own, status, children, ...stage }: Props) {
  const [mode, setMode] = useState<Mode>("over");
  const [withLegend, setLegend] = useState(false);
  const [look, setLook] = useState<Look>({ opacity, hidden: new Set(), withPatterns: true });
  const [zoom] = useState(() => createRef<PhotoZoom>());
  const show = useCallback((box: Box) => zoom.current?.showBox(box), [zoom]);
  const downloads = useMemo(
    () =>
      downloadsOf(
        job,
        look,
        classes.map(({ name }) => name),
        withLegend,
      ),
    [job, look, classes, withLegend],
  );
  return (
    <div className={styles["grid"]}>
      <div className={styles["main"]}>
        <Toolbar mode={mode} onMode={setMode} look={look} onLook={setLook} />
        <div className={styles["stage"]}>
          <Stage zoom={zoom} photo={photo} classes={classes} look={look} mode={mode} {...stage}>
            {status}
          </Stage>
        </div>
      </div>
      <div className={styles["panel"]}>
        {children({ look, onLook: setLook, show })}
        <Section title="Take it home">
          <Downloads downloads={downloads} own={own} withLegend={withLegend} onLegend={setLegend} />
        </Section>
        <Section title="About this job">
          <Facts job={job} />
        </Section>
      </div>
    </div>
  );
}
