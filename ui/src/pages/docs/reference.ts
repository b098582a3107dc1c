/** The server's OpenAPI document as a reference to read: groups of operations, each with what goes in and comes out. */
import { fieldRows, sampleOf, type FieldRow } from "./fields";
import { resolve, VERBS, withoutNull, type OpenApiDocument, type OperationObject, type Verb } from "./openapi";

export interface Operation {
  /** Anchor on the page. */
  id: string;
  verb: Verb;
  path: string;
  what: string;
  needsKey: boolean;
  parameters: (FieldRow & { place: "path" | "query" | "header" })[];
  bodies: Body[];
  answers: Answer[];
  /** Statuses of problem documents. */
  problems: string[];
}

export interface Body {
  mediaType: string;
  fields: FieldRow[];
}

export interface Answer {
  status: string;
  what: string;
  mediaTypes: string[];
  fields: FieldRow[];
  /** JSON, indented; null where the answer is none. */
  sample: string | null;
}

export interface Group {
  id: string;
  name: string;
  operations: Operation[];
}

const PROBLEM = "application/problem+json";
const JSON_TYPE = "application/json";
const WIDE_ENOUGH = 72;

/**
 * @param order names of the groups that are wanted, in the order of reading
 * @returns the groups that have operations
 */
export function referenceOf(document: OpenApiDocument, order: readonly string[]): Group[] {
  return order
    .map((name) => ({ id: slug(name), name, operations: operationsOf(document, name) }))
    .filter((group) => group.operations.length > 0);
}

function operationsOf(document: OpenApiDocument, group: string): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    VERBS.flatMap((verb) => {
      const operation = item[verb];
      return operation?.tags?.includes(group) === true ? [operationOf(document, verb, path, operation)] : [];
    }),
  );
}

function operationOf(document: OpenApiDocument, verb: Verb, path: string, operation: OperationObject): Operation {
  const answers = Object.entries(operation.responses);
  const isProblem = ([status]: [string, unknown]) => status === "default" || Number(status) >= 400;
  return {
    id: slug(`${verb} ${path}`),
    verb,
    path,
    what: operation.description ?? `${operation.summary ?? ""}.`,
    needsKey: (operation.security ?? []).length > 0,
    parameters: parametersOf(document, operation),
    bodies: bodiesOf(document, operation),
    answers: answers.filter((answer) => !isProblem(answer)).map(([status]) => answerOf(document, operation, status)),
    problems: answers.filter(([, { content }]) => content?.[PROBLEM] !== undefined).map(([status]) => status),
  };
}

function parametersOf(document: OpenApiDocument, operation: OperationObject): Operation["parameters"] {
  return (operation.parameters ?? []).flatMap((parameter) => {
    const description = parameter.description ?? parameter.schema?.description;
    const schema = { ...withoutNull(parameter.schema ?? {}), ...(description === undefined ? {} : { description }) };
    const required = parameter.required === true ? [parameter.name] : [];
    const rows = fieldRows(document, { properties: { [parameter.name]: schema }, required });
    return rows.map((row) => ({ ...row, place: parameter.in }));
  });
}

function bodiesOf(document: OpenApiDocument, operation: OperationObject): Body[] {
  return Object.entries(operation.requestBody?.content ?? {}).map(([mediaType, { schema }]) => ({
    mediaType,
    fields: schema === undefined ? [] : fieldRows(document, schema),
  }));
}

function answerOf(document: OpenApiDocument, operation: OperationObject, status: string): Answer {
  const { description, content } = operation.responses[status] ?? {};
  const schema = content?.[JSON_TYPE]?.schema;
  const isDescribed = schema !== undefined && Object.keys(resolve(document, schema)).length > 0;
  return {
    status,
    what: description === "Successful Response" ? "" : (description ?? ""),
    mediaTypes: Object.keys(content ?? {}),
    fields: isDescribed ? fieldRows(document, schema) : [],
    sample: isDescribed ? asText(sampleOf(document, schema)) : null,
  };
}

/** JSON, indented, but what fits on a line stays on one. */
export function asText(value: unknown, indent = ""): string {
  const line = JSON.stringify(value);
  if (typeof value !== "object" || value === null || line.length + indent.length <= WIDE_ENOUGH) return spaced(value);
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    return `[\n${value.map((one) => deeper + asText(one, deeper)).join(",\n")}\n${indent}]`;
  }
  const lines = Object.entries(value).map(([name, one]) => `${deeper}${JSON.stringify(name)}: ${asText(one, deeper)}`);
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, one]) => `${JSON.stringify(name)}: ${spaced(one)}`)
    .join(", ")}}`;
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}
