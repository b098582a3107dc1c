import { describe, expect, it } from "vitest";
import { curl, keyArgument, preamble } from "./examples";

const OPEN = { server: "http://localhost:5001", key: null };
const KEYED = { server: "https://facies.example.org", key: "facies_secret" };

describe("curl", () => {
  it("fits on a line where it can", () => {
    expect(curl(OPEN, "/V1/api/health")).toBe("curl http://localhost:5001/V1/api/health");
  });

  it("breaks a long call so that a shell still reads one", () => {
    const lines = curl(KEYED, "/api/v1/jobs", '-F "image=@reef.jpg"', '-F "model=coral-bleaching"').split("\n");
    expect(lines[0]).toBe('curl -H "api-key: facies_secret" \\');
    expect(lines.slice(0, -1).every((line) => line.endsWith(" \\"))).toBe(true);
    expect(lines.at(-1)).toBe("  https://facies.example.org/api/v1/jobs");
  });

  it("puts an address with a query into quotation marks", () => {
    expect(curl(OPEN, "/job/1?form=png")).toContain('"http://localhost:5001/job/1?form=png"');
  });

  it("sends a key in a header and never in the address", () => {
    const call = curl(KEYED, "/api/v1/models");
    expect(call).toContain('-H "api-key: facies_secret"');
    expect(call.split(" ").at(-1)).not.toContain("secret");
  });
});

describe("Python", () => {
  it("knows the key only where one is sent", () => {
    expect(preamble(OPEN)).toBe('import requests\n\nserver = "http://localhost:5001"');
    expect(keyArgument(OPEN)).toBe("");
    expect(preamble(KEYED, "time")).toContain(
      'import time, requests\n\nserver = "https://facies.example.org"\nkey = {',
    );
    expect(keyArgument(KEYED)).toBe(", headers=key");
  });
});
