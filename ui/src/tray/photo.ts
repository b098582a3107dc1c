/** Whether a file is a photo that the server can read, told by its first bytes, before anything is sent. */
const HEAD_BYTES = 12;
const HEIC_BRANDS = ["heic", "heix", "hevc", "mif1", "msf1", "avif"];

/** @returns a sentence with the remedy, or null if it looks like a photo */
export async function refusal(file: File): Promise<string | null> {
  if (file.size === 0) return "The file is empty; choose another one.";
  let head: Uint8Array;
  try {
    head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  } catch {
    return "The browser cannot read it. If it is a folder, open it and choose the photos in it.";
  }
  return refusalOf(head);
}

export function refusalOf(head: Uint8Array): string | null {
  const text = String.fromCharCode(...head);
  if (isReadable(text)) return null;
  if (text.slice(4, 8) === "ftyp" && HEIC_BRANDS.includes(text.slice(8, 12)))
    return "HEIC and AVIF photos cannot be read. Export it as JPEG; on an iPhone: Settings, Camera, Formats, Most Compatible.";
  return "This is no JPEG, PNG, WebP or TIFF photo; save it as one of these.";
}

function isReadable(head: string): boolean {
  const starts = ["\xff\xd8\xff", "\x89PNG", "II*\0", "MM\0*", "II+\0", "MM\0+"];
  return starts.some((start) => head.startsWith(start)) || (head.startsWith("RIFF") && head.slice(8, 12) === "WEBP");
}

/** A picture a few pixels wide, so that thirty photos of 12 megapixels do not stay decoded; null where none can be made. */
export async function preview(file: File, width = 192): Promise<string | null> {
  try {
    const bitmap = await createImageBitmap(file, { resizeWidth: width, resizeQuality: "medium" });
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    bitmap.close();
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
    return blob && URL.createObjectURL(blob);
  } catch {
    return null; // TIFF, or damaged: the row shows a pattern instead
  }
}
