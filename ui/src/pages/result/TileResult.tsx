import { useCallback, useMemo, useState } from "react";
import type { Job } from "@/api/client";
import { count, number } from "@/words/amounts";
import type { TileAnswer } from "./answer/answer";
import { countLabels, decide, isSameDecision, UNSURE, type Decision } from "./answer/decision";
import { readTile } from "./answer/reading";
import { ClassList } from "./panel/ClassList";
import { decisionName, tilesCsv } from "./panel/downloads";
import { Section } from "./panel/Section";
import { stemOf } from "./panel/stem";
import { Threshold } from "./panel/Threshold";
import { percent } from "./panel/words";
import { ResultLayout } from "./ResultLayout";
import { nextTile } from "./viewer/cursor";
import type { Point } from "./viewer/geometry";
import type { PhotoSource } from "./viewer/photo_zoom";
import { TilePainter } from "./viewer/tile_painter";

interface Props {
  job: Job;
  photo: PhotoSource;
  answer: TileAnswer;
}

const FILL_OPACITY = 0.35;

/** Labelled tiles: painted, counted and decided anew as the threshold moves. */
export function TileResult({ job, photo, answer }: Props) {
  const { grid, poles, stored, styles } = answer;
  const [decision, setDecision] = useState<Decision>(stored);
  const isStored = isSameDecision(decision, stored);
  const labels = useMemo(
    () =>
      grid.tiles.map((tile) => (poles === null || isStored ? tile.label : decide(tile.probability, decision, poles))),
    [grid, poles, isStored, decision],
  );
  const shown = useMemo(
    () => styles.filter(({ name }) => name !== UNSURE || decision.band !== null || labels.includes(UNSURE)),
    [styles, decision, labels],
  );
  const painter = useMemo(() => new TilePainter(grid.tiles, labels, styles), [grid, labels, styles]);
  const counts = useMemo(
    () =>
      countLabels(
        grid.tiles,
        labels,
        shown.map(({ name }) => name),
      ),
    [grid, labels, shown],
  );
  const read = useCallback(
    ({ x, y }: Point) => {
      const index = grid.at(x, y);
      return index === null ? null : readTile(answer, labels, index);
    },
    [grid, answer, labels],
  );
  const move = useCallback(
    (from: Point | null, by: Point): Point => {
      const index = from === null ? 0 : nextTile(grid, grid.at(from.x, from.y) ?? 0, by);
      const tile = grid.tiles[index];
      return tile === undefined ? { x: 0, y: 0 } : { x: tile.x + tile.width / 2, y: tile.y + tile.height / 2 };
    },
    [grid],
  );
  const own =
    poles === null || isStored
      ? []
      : [
          {
            name: "Tiles as set here",
            hint: `CSV, ${decisionName(decision, poles)}`,
            file: `${stemOf(job.photo.name)}-tiles-${decision.threshold.toFixed(2)}.csv`,
            make: () => tilesCsv(grid.tiles, labels),
          },
        ];
  return (
    <ResultLayout
      job={job}
      photo={photo}
      painter={painter}
      classes={shown}
      opacity={FILL_OPACITY}
      core={null}
      depths={null}
      read={read}
      move={move}
      along="tile to tile"
      own={own}
    >
      {({ look, onLook }) => (
        <>
          <Section title="What is there" note={count(grid.tiles.length, "tile")}>
            <ClassList
              rows={counts.map(({ label, tiles, share }) => ({
                name: label,
                style: styles.find(({ name }) => name === label) ?? null,
                share,
                text: `${number(tiles)} · ${percent(share)}`,
              }))}
              hidden={look.hidden}
              onHidden={(hidden) => onLook({ ...look, hidden })}
            />
          </Section>
          {poles === null ? null : (
            <Section title={`Probability of ${poles.positive}`}>
              <Threshold
                tiles={grid.tiles}
                labels={labels}
                classes={shown}
                poles={poles}
                decision={decision}
                stored={stored}
                onDecision={setDecision}
              />
            </Section>
          )}
        </>
      )}
    </ResultLayout>
  );
}
