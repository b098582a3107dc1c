import { Suspense, useEffect, useRef } from "react";
import { Link, NavLink, Outlet, ScrollRestoration, useLocation } from "react-router";
import { useQueryClient } from "@tanstack/react-query";
import { askAgain, forgetKey } from "@/session/key";
import { KeyPrompt } from "@/session/KeyPrompt";
import { useHasDeclined, useKey } from "@/session/useKey";
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
  const main = useFocusOnNewPage();
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
          <SignInOrOut />
          <ThemeToggle className={styles["tool"]} />
        </div>
        <div className={styles["ruler"]} />
      </header>
      <main id="main" ref={main} tabIndex={-1} className={styles["main"]}>
        <Suspense fallback={<p className={styles["loading"]}>Loading …</p>}>
          <Outlet />
        </Suspense>
      </main>
      <KeyPrompt />
      <ScrollRestoration />
    </>
  );
}

/** A screen reader begins with the new page, not with where the link to it was. */
function useFocusOnNewPage() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    main.current?.focus({ preventScroll: true });
  }, [pathname]);
  return main;
}

/** Who has a key can leave, and who had none when asked can come in after all. */
function SignInOrOut() {
  const key = useKey();
  const declined = useHasDeclined();
  const queries = useQueryClient();
  const leave = () => {
    forgetKey();
    queries.clear();
    location.assign("/");
  };
  const enter = async () => {
    if ((await askAgain()) !== null) await queries.resetQueries();
  };
  if (key === null && !declined) return null;
  return (
    <button type="button" className={styles["signOut"]} onClick={key === null ? enter : leave}>
      {key === null ? "Sign in" : "Sign out"}
    </button>
  );
}
