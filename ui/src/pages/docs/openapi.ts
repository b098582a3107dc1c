/** As much of OpenAPI 3.1 as the server's own document uses. */

export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  title?: string;
  description?: string;
  enum?: unknown[];
  const?: string | number | boolean;
  default?: string | number | boolean | null;
  examples?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  prefixItems?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  minimum?: number;
  maximum?: number;
}

export interface Content {
  schema?: Schema;
}

export interface ParameterObject {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  description?: string;
  schema?: Schema;
}

export interface ResponseObject {
  description?: string;
  content?: Record<string, Content>;
}

export interface OperationObject {
  tags?: string[];
  summary?: string;
  description?: string;
  security?: unknown[];
  parameters?: ParameterObject[];
  requestBody?: { content: Record<string, Content> };
  responses: Record<string, ResponseObject>;
}

export interface OpenApiDocument {
  paths: Record<string, Partial<Record<Verb, OperationObject>>>;
  components?: { schemas?: Record<string, Schema> };
}

export const VERBS = ["get", "post", "head", "patch", "delete", "options"] as const;
export type Verb = (typeof VERBS)[number];

/** Follows a reference into the document; any other schema is itself. */
export function resolve(document: OpenApiDocument, schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const name = schema.$ref.split("/").at(-1) ?? "";
  return document.components?.schemas?.[name] ?? {};
}

/** Without the `null` that an optional value may be. */
export function withoutNull(schema: Schema): Schema {
  const others = schema.anyOf?.filter((one) => one.type !== "null");
  return others?.length === 1 ? { ...schema, ...others[0], anyOf: undefined } : schema;
}
