import { useId, type ReactNode } from "react";
import styles from "./Field.module.css";

interface Props {
  label: ReactNode;
  hint?: ReactNode;
  error?: string | null;
  /** Gets what ties the control to its label, hint and error. */
  children: (control: {
    id: string;
    "aria-describedby"?: string;
    "aria-invalid"?: true;
    className: string;
  }) => ReactNode;
}

export function Field({ label, hint, error, children }: Props) {
  const id = useId();
  const said = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  return (
    <div className={styles["field"]}>
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        className: styles["control"] ?? "",
        ...(said ? { "aria-describedby": said } : {}),
        ...(error ? { "aria-invalid": true as const } : {}),
      })}
      {hint ? (
        <p id={`${id}-hint`} className={styles["hint"]}>
          {hint}
        </p>
      ) : null}
      {error ? (
        <p id={`${id}-error`} className={styles["error"]}>
          {error}
        </p>
      ) : null}
    </div>
  );
}
