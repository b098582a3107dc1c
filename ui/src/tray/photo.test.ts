import { describe, expect, it } from "vitest";
import { refusal, refusalOf } from "./photo";

const bytesOf = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

describe("refusal", () => {
  it.each(["\xff\xd8\xff\xe0", "\x89PNG\r\n\x1a\n", "II*\0", "MM\0*", "II+\0", "MM\0+", "RIFF\x10\0\0\0WEBP"])(
    "takes what begins as a photo does: %j",
    (head) => expect(refusalOf(bytesOf(head))).toBeNull(),
  );

  it.each(["hello", "GIF89a", "%PDF-1.7", "RIFF\x10\0\0\0WAVE", ""])("refuses what does not: %j", (head) => {
    expect(refusalOf(bytesOf(head))).toContain("save it as one of these");
  });

  it("says what to do about a phone's HEIC", () => {
    expect(refusalOf(bytesOf("\0\0\0\x18ftypheic"))).toContain("Most Compatible");
  });

  it("knows an empty file", async () => {
    expect(await refusal(new File([], "a.jpg"))).toContain("empty");
  });
});
