/** The view of the events page as its URL says it, and back. Pure. */

/** @typedef {"received" | "claimed"} Clock */
/** @typedef {"newest" | "oldest"} Order */
/**
 * @typedef {object} Place
 * @property {string} q
 * @property {string} since  empty, a span (`1h`), or RFC 3339
 * @property {string} until
 * @property {Clock} clock
 * @property {Order} order
 * @property {string} by  facet that the histogram is stacked by
 * @property {string[]} columns
 * @property {string} zone  an offset that overrides the person's own choice; empty: theirs
 * @property {boolean} live
 * @property {[number, number] | null} compare  indexes
 */

export const DEFAULT_COLUMNS = ["source"];

/** @param {URLSearchParams} query @returns {Place} */
export function readPlace(query) {
  const columns = query.get("cols");
  const pair = /^(\d{1,16})[,-](\d{1,16})$/.exec(query.get("compare") ?? "");
  const zone = query.get("tz") ?? "";
  const live = query.get("live") === "1";
  return {
    q: query.get("q") ?? "",
    since: query.get("since") ?? "",
    until: live ? "" : (query.get("until") ?? ""),
    clock: query.get("clock") === "claimed" ? "claimed" : "received",
    order: query.get("order") === "oldest" && !live ? "oldest" : "newest",
    by: query.get("by") || "outcome",
    columns: columns === null ? DEFAULT_COLUMNS : columns.split(",").filter(Boolean),
    zone: /^[+-]\d\d:\d\d$/.test(zone) || zone === "utc" ? zone : "",
    live,
    compare: pair ? [Number(pair[1]), Number(pair[2])] : null,
  };
}

/** @param {Partial<Place>} changes @returns {Record<string, string | null>} what changes in the URL; defaults are left out of it */
export function written(changes) {
  /** @type {Record<string, string | null>} */
  const query = {};
  for (const name of /** @type {const} */ (["q", "since", "until"])) if (changes[name] !== undefined) query[name] = changes[name] || null;
  if (changes.clock) query.clock = changes.clock === "received" ? null : changes.clock;
  if (changes.order) query.order = changes.order === "newest" ? null : changes.order;
  if (changes.by) query.by = changes.by === "outcome" ? null : changes.by;
  if (changes.columns) query.cols = changes.columns.join(",") === DEFAULT_COLUMNS.join(",") ? null : changes.columns.join(",") || ",";
  if (changes.zone !== undefined) query.tz = changes.zone || null;
  if (changes.live !== undefined) query.live = changes.live ? "1" : null;
  if (changes.compare !== undefined) query.compare = changes.compare ? changes.compare.join("-") : null;
  return query;
}

/** @param {Place} place @param {string} offset  `+02:00`, or `Z` @returns {Record<string, string>} what all search calls have in common */
export function asked({ q, since, until, clock }, offset) {
  return { q, since, until, clock: clock === "received" ? "" : clock, zone: offset === "Z" ? "" : offset };
}

/** @param {Place} place @returns {string} two places with the same key show the same events */
export const searchKey = ({ q, since, until, clock, order, live }) => JSON.stringify([q, since, until, clock, order, live]);
