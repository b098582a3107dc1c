import { Suspense } from "react";
import { NavLink, Outlet, Link } from "react-router";
import { useQueryClient } from "@tanstack/react-query";
import { forgetKey } from "@/session/key";
import { KeyPrompt } from "@/session/KeyPrompt";
import { useKey } from "@/session/useKey";
import { ThemeToggle } from "@/theme/ThemeToggle";
import { AwayBanner } from "./AwayBanner";
import styles from "./Shell.module.css";

const PLACES = [
  { to: "/", name: "Analyse" },
  { to: "/jobs", name: "Jobs" },
  { to: "/models", name: "Models" },
  { to: "/docs", name: "API" },
] as const;

/** What is round every page: where one is, where one can go, and whether the server is there. */
export function Shell() {
  return (
    <>
      <a className={styles["skip"]} href="#main">
        Skip to the page
      </a>
      <AwayBanner />
      <header className={styles["header"]}>
        <div className={styles["bar"]}>
          <Link to="/" className={styles["name"]}>
            <img src="/icon.svg" alt="" width="28" height="28" />
            Facies
          </Link>
          <nav aria-label="Main" className={styles["places"]}>
            {PLACES.map(({ to, name }) => (
              <NavLink key={to} to={to} end={to === "/"}>
                {name}
              </NavLink>
            ))}
          </nav>
          <SignOut />
          <ThemeToggle className={styles["tool"]} />
        </div>
        <div className={styles["ruler"]} />
      </header>
      <main id="main" tabIndex={-1} className={styles["main"]}>
        <Suspense fallback={<p className={styles["loading"]}>Loading …</p>}>
          <Outlet />
        </Suspense>
      </main>
      <KeyPrompt />
    </>
  );
}

function SignOut() {
  const key = useKey();
  const queries = useQueryClient();
  if (key === null) return null;
  const leave = () => {
    forgetKey();
    queries.clear();
    location.assign("/");
  };
  return (
    <button type="button" className={styles["signOut"]} onClick={leave}>
      Sign out
    </button>
  );
}
