import type { ComponentProps } from "react";
import { Link, type LinkProps } from "react-router";
import styles from "./Button.module.css";

export interface Look {
  look?: "main" | "plain" | "quiet" | "danger" | undefined;
  small?: boolean | undefined;
}

function classes({ look = "plain", small = false }: Look, more?: string): string {
  return [styles["button"], styles[look], small && styles["small"], more].filter(Boolean).join(" ");
}

export function Button({ look, small, className, type = "button", ...rest }: ComponentProps<"button"> & Look) {
  return <button type={type} className={classes({ look, small }, className)} {...rest} />;
}

/** A link to another page of the app that looks like a button. */
export function ButtonLink({ look, small, className, ...rest }: LinkProps & Look) {
  return <Link className={classes({ look, small }, className)} {...rest} />;
}
