import { useQuery } from "@tanstack/react-query";
import { serverQuery } from "@/api/server";
import { placeOf, useChoices } from "./choices";
import { Code } from "./Code";
import type { Contract, Route } from "./contents/contract";
import { DocsFrame, Section } from "./DocsFrame";
import { ExampleCode } from "./ExampleCode";
import { KeyChoice } from "./KeyChoice";
import { ModelFacts } from "./ModelFacts";
import { Prose } from "./Prose";
import styles from "./docs.module.css";

const SECTIONS = [
  { id: "base-url", name: "Base URL" },
  { id: "routes", name: "Routes" },
  { id: "try-it", name: "Try it" },
  { id: "answers", name: "Answers" },
  { id: "errors", name: "Errors" },
  { id: "classes", name: "Classes and colours" },
  { id: "training-data", name: "Training data" },
  { id: "source", name: "Source and models" },
];

/** The page of one of the two older APIs. */
export function ContractPage({ contract }: { contract: Contract }) {
  return (
    <DocsFrame title={contract.title} lead={contract.lead} sections={SECTIONS}>
      <Section id="base-url" name="Base URL">
        <Code text={location.origin + contract.base} caption="Base URL" />
        <Keys contract={contract} />
      </Section>
      <Section id="routes" name="Routes">
        <Routes routes={contract.routes} />
      </Section>
      <Section id="try-it" name="Try it">
        <Examples contract={contract} />
      </Section>
      <Section id="answers" name={contract.answerTitle}>
        <Answers contract={contract} />
      </Section>
      <Section id="errors" name="Errors">
        <Errors contract={contract} />
      </Section>
      <ModelFacts name={contract.name} />
    </DocsFrame>
  );
}

function useNeedsKey(contract: Contract): boolean {
  const { data } = useQuery(serverQuery);
  return data?.requires_key[contract.name] ?? contract.name === "rock";
}

function Keys({ contract }: { contract: Contract }) {
  const needed = useNeedsKey(contract);
  const which = contract.routes.some((route) => route.open) ? "Every call but the first" : "Every call";
  const sentence = needed
    ? `${which} needs a key in the header \`api-key\`. \`facies keys create NAME\` prints one.`
    : "No key is needed.";
  return <KeyChoice needed={needed} sentence={sentence} />;
}

function Routes({ routes }: { routes: readonly Route[] }) {
  return (
    <>
      <table className={styles["wide"]}>
        <thead>
          <tr>
            <th scope="col">Method</th>
            <th scope="col">Route</th>
            <th scope="col">What it does</th>
            <th scope="col">Answer</th>
          </tr>
        </thead>
        <tbody>
          {routes.map((route) => (
            <tr key={route.path + route.method}>
              <td className={styles["verb"]}>{route.method}</td>
              <td>
                <code>{route.path}</code>
              </td>
              <td>
                <Prose text={route.what} />
              </td>
              <td>
                <RouteAnswer answer={route.answer} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className={styles["narrow"]}>
        <h3>Definitions</h3>
        <dl>
          {routes.map((route) => (
            <div key={route.path + route.method}>
              <dt>
                <span className={styles["verb"]}>{route.method}</span> <code>{route.path}</code>
              </dt>
              <dd>
                <Prose text={route.what} />
              </dd>
              <dd>
                <RouteAnswer answer={route.answer} />
              </dd>
            </div>
          ))}
        </dl>
      </div>
    </>
  );
}

function RouteAnswer({ answer }: { answer: string }) {
  return answer.startsWith("{") ? <code>{answer}</code> : <a href="#answers">{answer}</a>;
}

function Examples({ contract }: { contract: Contract }) {
  const choices = useChoices();
  const needsKey = useNeedsKey(contract);
  return (
    <>
      {contract.routes.map((route) => (
        <div key={route.path + route.method} className={styles["example"]}>
          <h3>
            <span className={styles["verb"]}>{route.method}</span> <code>{route.path}</code>
          </h3>
          <ExampleCode
            title={`${route.method} ${route.path}`}
            example={route.example(placeOf(choices, needsKey && route.open !== true))}
          />
        </div>
      ))}
      <div className={styles["example"]}>
        <h3>All of it, in Python</h3>
        <p>{contract.scriptIntroduction}</p>
        <Code text={contract.script(placeOf(choices, needsKey))} caption="From sending to the saved picture, Python" />
      </div>
    </>
  );
}

function Answers({ contract }: { contract: Contract }) {
  return (
    <>
      <p>
        <Prose text={contract.answerIntroduction} />
      </p>
      {contract.answers.map(({ caption, json }) => (
        <Code key={caption} text={json} caption={caption} />
      ))}
      <dl className={styles["terms"]}>
        {contract.definitions.map(({ term, meaning }) => (
          <div key={term}>
            <dt>
              <code>{term}</code>
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

function Errors({ contract }: { contract: Contract }) {
  return (
    <>
      <p>
        What goes wrong is said in a sentence: <code>{contract.errors.shape}</code>
      </p>
      <dl className={styles["terms"]}>
        {contract.errors.rows.map(({ status, when }) => (
          <div key={status}>
            <dt>
              <code>{status}</code>
            </dt>
            <dd>
              <Prose text={when} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}
