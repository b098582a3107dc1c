/** A schema as rows of a table: name, kind and meaning of every field, those of nested objects below their own. */
import { resolve, withoutNull, type OpenApiDocument, type Schema } from "./openapi";

export interface FieldRow {
  /** With dots between the levels, and `[]` after what there are several of. */
  name: string;
  kind: string;
  required: boolean;
  meaning: string;
}

const DEEPEST = 3;

export function fieldRows(document: OpenApiDocument, schema: Schema, prefix = "", depth = 0): FieldRow[] {
  const whole = resolve(document, schema);
  const required = new Set(whole.required ?? []);
  return Object.entries(whole.properties ?? {}).flatMap(([name, property]) => [
    {
      name: prefix + name,
      kind: kindOf(document, property),
      required: required.has(name),
      meaning: meaningOf(property),
    },
    ...nestedRows(document, property, prefix + name, depth),
  ]);
}

function nestedRows(document: OpenApiDocument, property: Schema, name: string, depth: number): FieldRow[] {
  if (depth >= DEEPEST) return [];
  const whole = resolve(document, withoutNull(property));
  if (whole.properties !== undefined) return fieldRows(document, whole, `${name}.`, depth + 1);
  const item = whole.items === undefined ? undefined : resolve(document, whole.items);
  return item?.properties === undefined ? [] : fieldRows(document, item, `${name}[].`, depth + 1);
}

/** The kind of a value in words. */
export function kindOf(document: OpenApiDocument, schema: Schema): string {
  const mayBeNull = schema.anyOf?.some((one) => one.type === "null") === true;
  const kind = plainKind(document, withoutNull(schema));
  return mayBeNull ? `${kind} or null` : kind;
}

function plainKind(document: OpenApiDocument, schema: Schema): string {
  const whole = resolve(document, schema);
  const listed = whole.enum?.map((value) => `\`${String(value)}\``).join(", ");
  if (listed !== undefined) return listed;
  if (whole.const !== undefined) return `\`${String(whole.const)}\``;
  if (whole.anyOf !== undefined) return whole.anyOf.map((one) => plainKind(document, one)).join(" or ");
  if (whole.format === "binary") return "file";
  if (whole.format === "date-time") return "time";
  if (whole.type === "array") return listKind(document, whole);
  if (whole.type === "integer") return `whole number${rangeOf(whole)}`;
  if (whole.type === "number") return `number${rangeOf(whole)}`;
  if (whole.type === "boolean") return "true or false";
  if (whole.type === "object" || whole.properties !== undefined) return "object";
  return whole.type === "string" ? "text" : "any value";
}

function listKind(document: OpenApiDocument, schema: Schema): string {
  if (schema.prefixItems !== undefined) return `${schema.prefixItems.length} numbers`;
  if (schema.items === undefined) return "list";
  const kind = plainKind(document, withoutNull(schema.items));
  return kind === "file" ? "one file or several" : `list of ${kind}`;
}

function rangeOf({ minimum, maximum }: Schema): string {
  if (minimum !== undefined && maximum !== undefined) return `, ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `, from ${minimum}`;
  return maximum === undefined ? "" : `, up to ${maximum}`;
}

function meaningOf(schema: Schema): string {
  const said = schema.description ?? "";
  const usual = schema.default;
  if (usual === undefined || usual === null || usual === "") return said;
  return `${said} \`${String(usual)}\` if not given.`.trim();
}

/** An answer as it looks: the schema's own example, or one made of its fields. */
export function sampleOf(document: OpenApiDocument, schema: Schema, depth = 0): unknown {
  const whole = resolve(document, withoutNull(schema));
  if (whole.examples?.[0] !== undefined) return whole.examples[0];
  if (schema.anyOf?.some((one) => one.type === "null") === true && depth > 0) return null;
  if (whole.const !== undefined) return whole.const;
  if (whole.enum !== undefined) return whole.enum[0];
  if (whole.default !== undefined) return whole.default;
  if (whole.properties !== undefined) {
    return Object.fromEntries(
      Object.entries(whole.properties).map(([name, property]) => [name, sampleOf(document, property, depth + 1)]),
    );
  }
  return sampleOfKind(document, whole, depth);
}

function sampleOfKind(document: OpenApiDocument, schema: Schema, depth: number): unknown {
  if (schema.prefixItems !== undefined) return schema.prefixItems.map((item) => sampleOf(document, item, depth + 1));
  if (schema.type === "array") return schema.items === undefined ? [] : [sampleOf(document, schema.items, depth + 1)];
  if (schema.format === "date-time") return "2026-03-01T09:30:00Z";
  if (schema.type === "integer" || schema.type === "number") return schema.minimum ?? 0;
  if (schema.type === "boolean") return false;
  return schema.type === "string" ? "..." : {};
}
