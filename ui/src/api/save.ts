/** A file of the server onto the reader's disk: fetched, since a plain link cannot send the key. */
import { fetchBlob } from "./send";

export async function saveFile(path: string, name: string): Promise<void> {
  const url = URL.createObjectURL(await fetchBlob(path));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser has begun to read it by then
}
