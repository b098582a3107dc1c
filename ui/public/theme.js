// Before anything is painted, so that a page in the dark never flashes white. What it reads, src/theme/theme.ts keeps.
(() => {
  try {
    const chosen = localStorage.getItem("facies-theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // a browser that keeps nothing shows what the system prefers
  }
})();
