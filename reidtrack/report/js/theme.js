// Light or dark: as the system says until the button is pressed.

import { one } from "./dom.js";

const KEY = "reidtrack-theme";
const root = document.documentElement;

function wear(theme) {
  root.style.colorScheme = theme;
}

function isDark() {
  if (root.style.colorScheme) return root.style.colorScheme === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Browsers may forbid storage for files: then a choice lasts as long as the page. */
function withStorage(action) {
  try {
    action();
  } catch {
    // As good as nothing stored.
  }
}

/** Makes the button `#theme` switch between light and dark. */
export function startTheme() {
  withStorage(() => wear(localStorage.getItem(KEY) || ""));
  one("#theme").addEventListener("click", () => {
    wear(isDark() ? "light" : "dark");
    withStorage(() => localStorage.setItem(KEY, root.style.colorScheme));
  });
}
