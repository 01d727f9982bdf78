import { signal } from "../html.js";

/** @type {import("../vendor/signals-core.js").Signal<any>} */
export const guard = signal(null);

/** @param {string} _log @param {number} _size */
export function watch(_log, _size) {}
