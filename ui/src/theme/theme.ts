/** Light, dark, or as the system has it: the reader's choice, kept in the browser. public/theme.js reads it first. */
export type Theme = "system" | "light" | "dark";

const NAME = "facies-theme";
const ORDER: readonly Theme[] = ["system", "light", "dark"];

export function currentTheme(): Theme {
  const chosen = document.documentElement.dataset["theme"];
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

export function nextTheme(theme: Theme): Theme {
  return ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length] ?? "system";
}

export function chooseTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  try {
    if (theme === "system") localStorage.removeItem(NAME);
    else localStorage.setItem(NAME, theme);
  } catch {
    // the choice lasts as long as the page then
  }
}
