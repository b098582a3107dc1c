import { useQuery } from "@tanstack/react-query";
import { serverQuery } from "@/api/server";
import { placeOf, useChoices } from "./choices";
import { Code } from "./Code";
import { exampleOf } from "./contents/native";
import { ExampleCode } from "./ExampleCode";
import type { FieldRow } from "./fields";
import { Prose } from "./Prose";
import type { Answer, Operation } from "./reference";
import styles from "./Operation.module.css";

/** One operation, folded: what goes in, what comes out, and an example. */
export function OperationDetails({ operation }: { operation: Operation }) {
  const { data: server } = useQuery(serverQuery);
  const place = placeOf(useChoices(), server?.requires_key["native"] ?? false);
  const verb = operation.verb.toUpperCase();
  return (
    <details id={operation.id} className={styles["operation"]}>
      <summary>
        <h3>
          <span className={styles["verb"]} data-verb={operation.verb}>
            {verb}
          </span>{" "}
          <code>{operation.path}</code>
        </h3>
        <span className={styles["what"]}>
          <Prose text={operation.what.split("\n\n")[0] ?? ""} />
        </span>
      </summary>
      <div className={styles["body"]}>
        {operation.what
          .split("\n\n")
          .slice(1)
          .map((paragraph) => (
            <p key={paragraph}>
              <Prose text={paragraph} />
            </p>
          ))}
        <ExampleCode title={`${verb} ${operation.path}`} example={exampleOf(operation, place)} />
        <Fields
          title="Parameters"
          rows={operation.parameters.map((row) => ({
            ...row,
            kind: row.place === "query" ? row.kind : `${row.kind}, in the ${row.place}`,
          }))}
          showsRequired
        />
        {operation.bodies.map(({ mediaType, fields }) => (
          <Fields key={mediaType} title={`Body, ${mediaType}`} rows={fields} showsRequired />
        ))}
        {operation.answers.map((answer) => (
          <AnswerDetails key={answer.status} answer={answer} />
        ))}
        {operation.problems.length === 0 ? null : (
          <p className={styles["problems"]}>
            Problems:{" "}
            {operation.problems.map((status, index) => (
              <span key={status}>
                {index > 0 ? ", " : ""}
                <code>{status}</code>
              </span>
            ))}
          </p>
        )}
      </div>
    </details>
  );
}

function AnswerDetails({ answer }: { answer: Answer }) {
  const types = answer.mediaTypes.join(", ");
  return (
    <>
      <h4>
        Answer <code>{answer.status}</code>
        {types ? `, ${types}` : ""}
      </h4>
      {answer.what ? <p>{answer.what}.</p> : null}
      {answer.sample === null ? null : <Code text={answer.sample} caption="Example of the answer" />}
      <Fields title="" rows={answer.fields} />
    </>
  );
}

function Fields({ title, rows, showsRequired = false }: { title: string; rows: FieldRow[]; showsRequired?: boolean }) {
  if (rows.length === 0) return null;
  return (
    <>
      {title ? <h4>{title}</h4> : null}
      <dl className={styles["fields"]}>
        {rows.map((row) => (
          <div key={row.name}>
            <dt>
              <code>{row.name}</code>
              {showsRequired && row.required ? <b className={styles["required"]}>needed</b> : null}
            </dt>
            <dd>
              <span className={styles["kind"]}>
                <Prose text={row.kind} />
              </span>{" "}
              <Prose text={row.meaning} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}
