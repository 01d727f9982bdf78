/**
 * What a person chose in this browser: theme, time zone, times, shortcuts. Kept in localStorage, read as signals.
 * `early.js`, which runs before anything is painted, reads the same record.
 */

import { effect, signal } from "./html.js";

const NAME = "graven.preferences";

/** @returns {Record<string, unknown>} */
function load() {
  try {
    const found = JSON.parse(localStorage.getItem(NAME) ?? "{}");
    return found !== null && typeof found === "object" ? found : {};
  } catch {
    return {};
  }
}

const kept = load();

/**
 * @template {string} T
 * @param {string} name
 * @param {T[]} values  the first is the default
 */
function choice(name, values) {
  const found = /** @type {T} */ (kept[name]);
  return signal(values.includes(found) ? found : values[0]);
}

export const theme = choice("theme", ["auto", "light", "dark"]);
export const zone = choice("zone", ["local", "utc"]);
export const times = choice("times", ["absolute", "relative"]);
/** Whether single keys do anything. */
export const shortcuts = signal(kept.shortcuts !== false);

effect(() => {
  const now = { theme: theme.value, zone: zone.value, times: times.value, shortcuts: shortcuts.value };
  const root = document.documentElement;
  if (now.theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = now.theme;
  try {
    localStorage.setItem(NAME, JSON.stringify(now));
  } catch {
    // a browser that keeps nothing still shows everything
  }
});
