import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import type { Job, JobStatus, Model } from "@/api/client";
import { StatusBadge } from "@/parts/StatusBadge";
import { Thumbnail } from "@/parts/Thumbnail";
import { number, share } from "@/words/amounts";
import { type Row, type SortKey, sorted, type Table } from "./table";
import styles from "./Batch.module.css";

const UNSURE = "var(--line-strong)"; // what is no class of the package has no colour of its own
const SHOWN_FROM = 0.01; // of a photo; a class that is less everywhere has no column here

interface Props {
  table: Table;
  jobs: readonly Job[];
  classes: Model["classes"];
}

/** One row a photo: what was found on it, as numbers and as a bar. */
export function BatchTable({ table, jobs, classes }: Props) {
  const [key, setKey] = useState<SortKey>(null);
  const colours = new Map(classes.map(({ name, rgb }) => [name, `rgb(${rgb.join(" ")})`]));
  const jobOf = new Map(jobs.map((job) => [job.id, job]));
  const shown = table.classes.filter((name) => table.rows.some(({ shares }) => (shares.get(name) ?? 0) >= SHOWN_FROM));
  return (
    <div>
      <div className={styles["scroll"]}>
        <table className={styles["table"]}>
          <caption className="visually-hidden">The photos of this batch, and what was found on each</caption>
          <thead>
            <tr>
              <Head by="photo" sort={key} onSort={setKey}>
                Photo
              </Head>
              <th scope="col" className={styles["bars"]}>
                What is there
              </th>
              {shown.map((name) => (
                <Head key={name} by={{ share: name }} sort={key} onSort={setKey} isNumber>
                  <i
                    className={styles["swatch"]}
                    style={{ background: colours.get(name) ?? UNSURE }}
                    aria-hidden="true"
                  />
                  {name}
                </Head>
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted(table.rows, key).map((row) => (
              <Photo key={row.job} row={row} job={jobOf.get(row.job)} classes={shown} colours={colours} />
            ))}
          </tbody>
        </table>
      </div>
      {shown.length < table.classes.length ? (
        <p className={styles["note"]}>
          Classes below {share(SHOWN_FROM)} of every photo are left out here; the CSV has all.
        </p>
      ) : null}
    </div>
  );
}

interface HeadProps {
  by: NonNullable<SortKey>["by"];
  sort: SortKey;
  onSort: (key: SortKey) => void;
  isNumber?: boolean;
  children: ReactNode;
}

function Head({ by, sort, onSort, isNumber = false, children }: HeadProps) {
  const isOwn = sort !== null && JSON.stringify(sort.by) === JSON.stringify(by);
  const direction = !isOwn ? undefined : sort.down ? "descending" : "ascending";
  const next = (): SortKey => {
    if (!isOwn) return { by, down: isNumber };
    return sort.down === isNumber ? { by, down: !isNumber } : null;
  };
  return (
    <th scope="col" aria-sort={direction} className={isNumber ? styles["number"] : undefined}>
      <button type="button" className={styles["sort"]} onClick={() => onSort(next())}>
        {children}
        {direction === undefined ? null : <span aria-hidden="true">&nbsp;{direction === "ascending" ? "↑" : "↓"}</span>}
      </button>
    </th>
  );
}

interface PhotoProps {
  row: Row;
  job: Job | undefined;
  classes: readonly string[];
  colours: ReadonlyMap<string, string>;
}

function Photo({ row, job, classes, colours }: PhotoProps) {
  const status = job?.status ?? (row.status as JobStatus);
  return (
    <tr>
      <th scope="row">
        <span className={styles["photo"]}>
          <Thumbnail path={status === "failed" ? undefined : job?.links["thumbnail"]} />
          <span className={styles["name"]}>
            <Link to={`/jobs/${row.job}`} title={row.photo}>
              {row.photo}
            </Link>
            <span className={styles["state"]}>
              <StatusBadge status={status} />
              {status === "started" && job !== undefined && job.total > 0 ? (
                <span className={styles["tiles"]}>
                  {number(job.done)} of {number(job.total)}
                </span>
              ) : null}
              {row.outOfDomain ? <span className={styles["warning"]}>unlike the training photos</span> : null}
            </span>
            <span className={styles["barBelow"]}>
              <Shares row={row} colours={colours} />
            </span>
          </span>
        </span>
      </th>
      {row.error ? (
        <td colSpan={classes.length + 1} className={styles["error"]}>
          {row.error}
        </td>
      ) : (
        <>
          <td className={styles["bars"]}>
            <Shares row={row} colours={colours} />
          </td>
          {classes.map((name) => (
            <Share key={name} value={row.shares.get(name)} tiles={row.tiles.get(name)} />
          ))}
        </>
      )}
    </tr>
  );
}

function Share({ value, tiles }: { value: number | undefined; tiles: number | undefined }) {
  if (value === undefined) return <td className={styles["number"]}>–</td>;
  return (
    <td className={styles["number"]}>
      {share(value)}
      {tiles === undefined ? null : <div className={styles["tiles"]}>{number(tiles)}</div>}
    </td>
  );
}

/** The same numbers as a bar; the cells beside it say them. */
function Shares({ row, colours }: { row: Row; colours: ReadonlyMap<string, string> }) {
  if (row.shares.size === 0) return null;
  return (
    <span className={styles["shares"]} aria-hidden="true">
      {[...row.shares].map(([name, value]) =>
        value > 0 ? (
          <i
            key={name}
            title={`${name}: ${share(value)}`}
            style={{ width: `${value * 100}%`, background: colours.get(name) ?? UNSURE }}
          />
        ) : null,
      )}
    </span>
  );
}
