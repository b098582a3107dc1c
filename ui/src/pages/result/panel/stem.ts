/** A photo's name without its ending, fit for a file's name anywhere. */
export function stemOf(photoName: string): string {
  const stem = photoName
    .replace(/\.[^.]{1,5}$/, "")
    .replace(/[^\p{L}\p{N}._-]+/gu, "-")
    .replace(/^[-.]+|[-.]+$/g, "");
  return stem.slice(0, 80) || "photo";
}
