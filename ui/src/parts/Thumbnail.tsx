import { usePicture } from "./usePicture";
import styles from "./Thumbnail.module.css";

/** A small picture of this server; a quiet pattern where there is none (yet). */
export function Thumbnail({ path, alt = "" }: { path: string | undefined; alt?: string }) {
  const { url } = usePicture(path);
  return (
    <span className={styles["frame"]}>{url === undefined ? null : <img src={url} alt={alt} decoding="async" />}</span>
  );
}
