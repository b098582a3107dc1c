import { describe, expect, it } from "vitest";
import { problemFrom } from "./problem";

describe("problemFrom", () => {
  it("keeps the server's sentence and code", () => {
    const problem = problemFrom('{"detail": "This is no photo.", "code": "not_a_photo", "status": 400}', 400);
    expect([problem.message, problem.code, problem.status]).toEqual(["This is no photo.", "not_a_photo", 400]);
  });

  it.each(["", "<html>Bad gateway</html>", "null", "[]", '{"detail": [{"msg": "x"}]}'])(
    "has a sentence of its own for what is no problem document: %s",
    (body) => {
      expect(problemFrom(body, 500).message).toContain("500");
    },
  );
});
