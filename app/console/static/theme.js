// Dark or light: the system's setting, unless the user chose one.

const STORED = "hub.theme";
const ORDER = ["", "light", "dark"];
const NAMES = { "": "Theme: system", light: "Theme: light", dark: "Theme: dark" };

export function applyTheme() {
  const chosen = localStorage.getItem(STORED) ?? "";
  if (chosen) document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
  return NAMES[chosen] ?? NAMES[""];
}

export function nextTheme() {
  const chosen = localStorage.getItem(STORED) ?? "";
  localStorage.setItem(STORED, ORDER[(ORDER.indexOf(chosen) + 1) % ORDER.length]);
  return applyTheme();
}
