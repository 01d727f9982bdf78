/** A saved view as the calls have it (server/views.py), and the place in the URL that it stands for. Pure. */

import { DEFAULT_COLUMNS } from "./place.js";

/** @import {Place} from "./place.js" */
/**
 * @typedef {{query?: string, clock?: "received" | "claimed", since?: string, until?: string, columns?: string[], by?: string, order?: "newest" | "oldest"}} Saved
 *   what has its default is not there
 * @typedef {{name: string, view: Saved, saved_by: string}} View  as the calls have it
 */

/** @param {Saved} saved @returns {Partial<Place>} */
export const placeOf = ({ query = "", clock = "received", since = "", until = "", columns = [], by, order = "newest" }) => ({
  q: query, clock, since, until, columns: columns.length ? columns : DEFAULT_COLUMNS, by: by || "outcome", order, live: false,
});

/** @param {Place} place @returns {Saved} */
export const savedOf = ({ q: query, clock, since, until, columns, by, order }) => ({ query, clock, since, until, columns, by, order });

/** @param {Saved} saved @returns {string} in a few words */
export const brief = ({ query, since, until }) => [query || "everything", since && `since ${since}`, until && `until ${until}`].filter(Boolean).join(" · ");
