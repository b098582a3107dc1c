import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { sentenceOf } from "@/api/problem";
import { serverQuery } from "@/api/server";
import { Button } from "@/parts/Button";
import { Notice } from "@/parts/Notice";
import { placeOf, useChoices } from "./choices";
import { Code } from "./Code";
import { clientScript, GROUPS, OPTIONS, requestsScript } from "./contents/native";
import { DocsFrame, Section } from "./DocsFrame";
import { KeyChoice } from "./KeyChoice";
import { OperationDetails } from "./OperationDetails";
import { Prose } from "./Prose";
import { openApiQuery } from "./queries";
import { referenceOf, type Group } from "./reference";
import { SourceLink } from "./ModelFacts";
import styles from "./docs.module.css";

const GUIDE = [
  { id: "base-url", name: "Base URL and keys" },
  { id: "begin", name: "Begin here" },
  { id: "options", name: "Options" },
  { id: "errors", name: "Errors" },
];

/** The native API: a short guide, then every operation, as the server's own OpenAPI document has it. */
export function ApiPage() {
  const { data: document, error } = useQuery(openApiQuery);
  const groups = useMemo(
    () =>
      document === undefined
        ? []
        : referenceOf(
            document,
            GROUPS.map((group) => group.name),
          ),
    [document],
  );
  return (
    <DocsFrame
      title="Native API"
      lead="Any model, options, batches, progress as it happens, and every result as a file. This app is made with it."
      sections={[...GUIDE, ...groups]}
    >
      <Section id="base-url" name="Base URL and keys">
        <Base />
      </Section>
      <Section id="begin" name="Begin here">
        <Begin />
      </Section>
      <Section id="options" name="Options">
        <Options />
      </Section>
      <Section id="errors" name="Errors">
        <Errors />
      </Section>
      {error ? <Notice kind="bad">{sentenceOf(error)}</Notice> : null}
      {document === undefined && !error ? <p className={styles["soft"]}>Reading the reference …</p> : null}
      <Reference groups={groups} />
    </DocsFrame>
  );
}

function useNeedsKey(): boolean {
  const { data } = useQuery(serverQuery);
  return data?.requires_key["native"] ?? false;
}

function Base() {
  const needed = useNeedsKey();
  const { data: server } = useQuery(serverQuery);
  const sentence = needed
    ? "Send a key in the header `api-key`, or as `Authorization: Bearer`; never in an address. `facies keys create NAME` prints one."
    : "No key is needed on this server. Where one is, it goes into the header `api-key`.";
  return (
    <>
      <Code text={`${location.origin}/api/v1`} caption="Base URL" />
      <KeyChoice needed={needed} sentence={sentence} />
      {server === undefined ? null : (
        <p>
          A photo may have {mebibytes(server.limits.upload_bytes)} MiB and {millions(server.limits.pixels)} million
          pixels; one request takes up to {server.limits.photos} photos. Facies {server.version}; source:{" "}
          <SourceLink url={server.source_url} />.
        </p>
      )}
    </>
  );
}

function mebibytes(bytes: number): string {
  return Math.floor(bytes / 2 ** 20).toLocaleString("en");
}

function millions(pixels: number): string {
  return (pixels / 1_000_000).toLocaleString("en", { maximumFractionDigits: 1 });
}

function Begin() {
  const place = placeOf(useChoices(), useNeedsKey());
  return (
    <>
      <p>Send a photo, wait for the job, fetch what it made:</p>
      <Code text={requestsScript(place)} caption="With requests, Python" />
      <p>The library does the same in less, tries again by itself, and sends large photos in pieces:</p>
      <Code text={clientScript(place)} caption="With the library, Python" />
    </>
  );
}

function Options() {
  return (
    <>
      <p>
        <Prose text="What may be chosen for an analysis goes into `options`, a JSON object; every job tells what it was made with." />
      </p>
      <dl className={styles["terms"]}>
        {OPTIONS.map(({ name, meaning }) => (
          <div key={name}>
            <dt>
              <code>{name}</code>
            </dt>
            <dd>
              <Prose text={meaning} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

const PROBLEM = `{
  "type": "/api/v1/problems/not_a_photo",
  "title": "Bad Request",
  "status": 400,
  "detail": "This is no JPEG, PNG, WebP or TIFF photo; save it as one of these and send it again.",
  "code": "not_a_photo"
}`;

function Errors() {
  return (
    <>
      <p>
        <Prose
          text={
            "What goes wrong is a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)): `detail` is a " +
            "sentence for a person, `code` is stable and for programs, and `type` is where the code is explained."
          }
        />
      </p>
      <Code text={PROBLEM} caption="A problem, application/problem+json" />
      <p>
        <Prose text="Answers 429 and 503 carry `Retry-After`, in seconds. Every answer carries `X-Request-ID`, which stands in the server's log." />
      </p>
    </>
  );
}

function Reference({ groups }: { groups: Group[] }) {
  const all = useRef<HTMLDivElement>(null);
  const fold = (open: boolean) => {
    for (const details of all.current?.querySelectorAll("details") ?? []) details.open = open;
  };
  if (groups.length === 0) return null;
  return (
    <div ref={all} className={styles["sections"]}>
      <div className={styles["folding"]}>
        <Button small onClick={() => fold(true)}>
          Open all
        </Button>
        <Button small onClick={() => fold(false)}>
          Close all
        </Button>
      </div>
      {groups.map((group) => (
        <Section key={group.id} id={group.id} name={group.name}>
          <p>
            <Prose text={GROUPS.find(({ name }) => name === group.name)?.about ?? ""} />
          </p>
          <div className={styles["operations"]}>
            {group.operations.map((operation) => (
              <OperationDetails key={operation.id} operation={operation} />
            ))}
          </div>
        </Section>
      ))}
    </div>
  );
}
