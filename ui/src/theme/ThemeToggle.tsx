import { useState } from "react";
import { chooseTheme, currentTheme, nextTheme, type Theme } from "./theme";

const WORDS: Record<Theme, string> = { system: "as the system", light: "light", dark: "dark" };

export function ThemeToggle({ className }: { className?: string | undefined }) {
  const [theme, setTheme] = useState(currentTheme);
  const toggle = () => {
    const next = nextTheme(theme);
    chooseTheme(next);
    setTheme(next);
  };
  return (
    <button type="button" className={className} onClick={toggle} title={`Colours: ${WORDS[theme]}`}>
      <span className="visually-hidden">Colours: {WORDS[theme]}. Change.</span>
      <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
        <circle cx="12" cy="12" r="8" fill="none" stroke="currentColor" strokeWidth="1.8" />
        {theme === "light" ? <circle cx="12" cy="12" r="3.5" fill="currentColor" /> : null}
        {theme === "dark" ? <circle cx="12" cy="12" r="8" fill="currentColor" /> : null}
        {theme === "system" ? <path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor" /> : null}
      </svg>
    </button>
  );
}
