/**
 * Single-key shortcuts. They never fire while something is typed, with a modifier held, or when switched off;
 * the help overlay (`?`) lists those of the components that are mounted now.
 *
 *     useShortcuts("Events", [["j", "next event", () => move(1)], ["/", "go to the query", focusQuery]]);
 */

import { shortcuts } from "../preferences.js";
import { signal, useEffect, useRef } from "../html.js";

/** @typedef {[key: string, what: string, run: (event: KeyboardEvent) => void]} Shortcut */
/** @typedef {{group: string, current: () => Shortcut[]}} Entry */

/** @type {import("../vendor/signals-core.js").Signal<Entry[]>} */
export const mounted = signal([]);

/** @param {EventTarget | null} target */
export function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  if (target.closest("[role=combobox], [role=textbox]")) return true;
  return target instanceof HTMLInputElement && !["button", "checkbox", "radio", "submit", "reset"].includes(target.type);
}

/** @param {string} group @param {Shortcut[]} list */
export function useShortcuts(group, list) {
  const latest = useRef(list);
  latest.current = list;
  useEffect(() => {
    const entry = { group, current: () => latest.current };
    mounted.value = [...mounted.value, entry];
    return () => {
      mounted.value = mounted.value.filter((other) => other !== entry);
    };
  }, [group]);
}

/** Listens; once, at the start. */
export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (!shortcuts.value || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target)) return;
    // while a dialog is open, only what it mounted counts: it is the newest
    const dialog = document.querySelector("dialog[open]");
    const entries = dialog ? mounted.value.filter(({ group }) => group === "Dialog") : mounted.value;
    for (const { current } of [...entries].reverse()) {
      const found = current().find(([key]) => key === event.key);
      if (found) {
        event.preventDefault();
        found[2](event);
        return;
      }
    }
  });
}
