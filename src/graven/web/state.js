/** What all pages share: who is logged in, the logs, the state of the server, and what is said to screen readers. */

import { computed, signal } from "./html.js";
import { route } from "./route.js";

/**
 * @typedef {object} Session
 * @property {{id: string, name: string}} who
 * @property {string[]} roles
 * @property {string[] | null} logs  null: all
 * @property {string | null} expires
 */
/**
 * @typedef {object} LogInfo
 * @property {string} name
 * @property {string} origin
 * @property {string} key
 * @property {number} size
 * @property {number} published_size
 */

/** @type {import("./vendor/signals-core.js").Signal<Session | null>} */
export const session = signal(null);

/**
 * `unknown` until the server was asked; `out` shows the login, with `loginReason` above it.
 * @type {import("./vendor/signals-core.js").Signal<"unknown" | "in" | "out">}
 */
export const sessionState = signal("unknown");
export const loginReason = signal("");

/** @type {import("./vendor/signals-core.js").Signal<LogInfo[]>} */
export const logs = signal([]);

/** The log of the address; its facts are null while they are not known, or when there is no such log. */
export const logName = computed(() => route.value.log);
export const logInfo = computed(() => logs.value.find((info) => info.name === logName.value) ?? null);

/** Whether the server answers; a banner says so when it does not. */
export const serverGone = signal(false);
/** Whether search answers 503 `index_away`; reads by index and proofs go on. */
export const indexAway = signal(false);

/** What a screen reader is told next. */
export const announcement = signal("");

/** @param {string} text */
export function announce(text) {
  announcement.value = "";
  queueMicrotask(() => {
    announcement.value = text;
  });
}

/** @type {Record<string, string[]>} */
const GIVES = {
  append: ["recorder"],
  read: ["reader", "auditor"],
  readSystem: ["auditor"],
  prove: ["reader", "auditor", "operator"],
  export: ["auditor"],
  operate: ["operator"],
};

/**
 * Whether the session's roles allow something here; the server decides, this only spares useless buttons.
 * @param {"append" | "read" | "prove" | "export" | "operate"} permission
 * @param {string} [log]
 */
export function may(permission, log) {
  const now = session.value;
  if (!now) return false;
  if (log && now.logs && !now.logs.includes(log)) return false;
  const roles = GIVES[permission === "read" && log === "system" ? "readSystem" : permission] ?? [];
  return roles.some((role) => now.roles.includes(role));
}
