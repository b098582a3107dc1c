import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { exampleOf, GROUPS } from "./contents/native";
import type { OpenApiDocument } from "./openapi";
import { asText, referenceOf } from "./reference";

const DOCUMENT = JSON.parse(readFileSync("openapi.json", "utf-8")) as OpenApiDocument;
const ORDER = GROUPS.map((group) => group.name);
const groups = referenceOf(DOCUMENT, ORDER);
const operations = groups.flatMap((group) => group.operations);
const place = { server: "http://localhost:5001", key: "facies_..." };

function operation(verb: string, path: string) {
  const found = operations.find((one) => one.verb === verb && one.path === path);
  if (found === undefined) throw new Error(`${verb} ${path} is not in the reference`);
  return found;
}

describe("the reference", () => {
  it("has every operation of the document, once", () => {
    const all = Object.entries(DOCUMENT.paths).flatMap(([path, item]) =>
      Object.keys(item).map((verb) => `${verb} ${path}`),
    );
    expect(operations.map(({ verb, path }) => `${verb} ${path}`).sort()).toEqual(all.sort());
    expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
  });

  it("keeps the order of reading", () => {
    expect(groups.map((group) => group.name)).toEqual(ORDER);
  });

  it("tells parameters with their kinds and ranges", () => {
    const limit = operation("get", "/api/v1/jobs").parameters.find(({ name }) => name === "limit");
    expect(limit).toMatchObject({ kind: "whole number, 1 to 200", place: "query", required: false });
    expect(limit?.meaning).toContain("`50` if not given");
  });

  it("tells the fields of a form and of the JSON that will do as well", () => {
    const bodies = operation("post", "/api/v1/jobs").bodies;
    expect(bodies.map((body) => body.mediaType)).toEqual(["multipart/form-data", "application/json"]);
    expect(bodies[0]?.fields.filter((field) => field.required).map((field) => field.name)).toEqual(["image", "model"]);
  });

  it("unfolds what is nested and shows the document's own example", () => {
    const [answer] = operation("get", "/api/v1/jobs/{job_id}").answers;
    expect(answer?.fields.map((field) => field.name)).toContain("photo.width");
    expect(JSON.parse(answer?.sample ?? "")).toMatchObject({ status: "started", photo: { name: "transect-3.jpg" } });
  });

  it("keeps problems apart from answers", () => {
    const show = operation("get", "/api/v1/jobs/{job_id}");
    expect(show.answers.map((answer) => answer.status)).toEqual(["200"]);
    expect(show.problems).toContain("404");
  });

  it("has an example of every operation in which nothing is left to fill in", () => {
    for (const one of operations) {
      const { curl, python } = exampleOf(one, place);
      expect(curl).not.toMatch(/\{\w+\}|undefined/);
      expect(python).not.toMatch(/undefined|facies_\.\.\.".*facies_\.\.\./s);
      expect(curl.includes("api-key")).toBe(one.needsKey);
    }
  });
});

describe("JSON as text", () => {
  it("is JSON, on lines that fit", () => {
    const value = { short: [1, 2], long: Array.from({ length: 30 }, (_, index) => `number ${index}`), none: null };
    const text = asText(value);
    expect(JSON.parse(text)).toEqual(value);
    expect(text).toContain('"short": [1, 2]');
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThan(80);
  });
});
