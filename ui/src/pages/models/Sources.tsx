import styles from "./models.module.css";

interface Source {
  name: string;
  licence: string;
  url?: string;
  used_for?: string;
}

/** What a model was trained and tested on, with the licences. */
export function Sources({ sources }: { sources: readonly Source[] }) {
  if (sources.length === 0) return <p>The package names no sources.</p>;
  return (
    <ul className={styles["sources"]}>
      {sources.map(({ name, licence, url = "", used_for = "" }) => (
        <li key={name + used_for}>
          {url.startsWith("https://") ? (
            <a href={url} rel="noopener noreferrer">
              {name}
            </a>
          ) : (
            name
          )}
          <small>
            {used_for ? `For ${used_for}. ` : ""}Licence: {licence}
          </small>
        </li>
      ))}
    </ul>
  );
}
