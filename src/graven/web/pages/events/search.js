/**
 * What the events page knows: the rows, histogram and facets of the place in the URL, and the live tail.
 *
 * A `Search` belongs to one log. `show(place)` asks for what changed and lets the rest be; the newest question wins,
 * older answers are dropped. The last search stays in memory, so that going back to the list finds it as it was.
 */

import { ApiError, getJson, inLog } from "../../api.js";
import { batch, signal } from "../../html.js";
import { indexAway } from "../../state.js";
import { offsetText } from "../../parts/time.js";
import { follow } from "./live.js";
import { asked, searchKey } from "./place.js";
import { RowStore } from "./row-store.js";

/** @import {Row} from "../../parts/row.js" @import {Place} from "./place.js" @import {TailState} from "./live.js" */
/**
 * @typedef {{from: string | number, to: string | number, width_ns: number, total: number, indexed: number, values?: string[],
 *   buckets: {start: string | number, count: number, by: Record<string, number>}[]}} Histogram
 * @typedef {{values: {value: string, count: number}[], other: number, absent: number}} Facet
 * @typedef {{facets: Record<string, Facet>, total: number, indexed: number}} Facets
 */
/** @template T @typedef {{value: T | null, error: ApiError | null, loading: boolean}} Part */

/** As many as are looked at without scrolling far: each page that is asked for is a recorded read. */
const FIRST_PAGE = 100;
const PAGE = 500;
const BUCKETS = 90;
const LIVE_ROWS = 20_000;
const PENDING_ROWS = 1000;
const RETRY_MS = 5000;
const LIVE_CHART_MS = 15_000;

/** @template T @returns {Part<T>} */
const nothing = () => ({ value: null, error: null, loading: true });

export class Search {
  store = new RowStore();
  /** Grows with every change of the rows. */
  version = signal(0);
  status = signal(/** @type {"loading" | "ready" | "failed"} */ ("loading"));
  error = signal(/** @type {ApiError | null} */ (null));
  loadingMore = signal(false);
  moreError = signal(/** @type {ApiError | null} */ (null));
  /** Cursor of the next page; null: all is loaded. */
  next = signal(/** @type {string | null} */ (null));
  indexed = signal(0);
  size = signal(0);
  histogram = signal(/** @type {Part<Histogram>} */ (nothing()));
  facets = signal(/** @type {Part<Facets>} */ (nothing()));
  tail = signal(/** @type {TailState | "off"} */ ("off"));
  /** Live events that were not shown, being more than 200 a second. */
  skipped = signal(0);
  /** Live events that wait until the person is back at the top. */
  newer = signal(0);
  paused = signal(false);
  /** Rows put in front since the beginning: the list keeps its place by it. */
  shift = signal(0);
  /** Position of the row that keys mean, whether somebody chose it, and the indexes that are marked for a comparison. */
  current = signal(0);
  picked = signal(false);
  marked = signal(/** @type {number[]} */ ([]));
  scrollTop = 0;
  /** The address of the list as it was shown last. */
  href = "";

  #key = "";
  #chartKey = "";
  #facetKey = "";
  /** @type {Record<string, string>} */
  #asked = {};
  /** @type {Place | null} */
  #place = null;
  #controller = new AbortController();
  #charts = new AbortController();
  #counts = new AbortController();
  /** @type {Set<string>} */
  #refilling = new Set();
  /** @type {Row[]} */
  #pending = [];
  #stopTail = () => {};
  #timer = 0;
  #isStopped = false;
  /** @type {string[]} */
  #fields = [];

  /** @param {string} log */
  constructor(log) {
    this.log = log;
  }

  /** @param {Place} place @param {string} zone @param {string[]} fields  facets that are looked at */
  show(place, zone, fields) {
    const offset = offsetText(zone, BigInt(Date.now()) * 1_000_000n);
    const key = searchKey(place) + offset;
    const same = key === this.#key;
    this.#place = place;
    this.#fields = fields;
    this.#asked = asked(place, offset);
    this.#key = key;
    if (!same) this.reload();
    else if (this.status.value === "ready") this.#count();
  }

  /** Counts what is not counted yet: rows come first, and what counts everything does not hold them up. */
  #count() {
    const chartKey = this.#key + this.#place?.by;
    if (this.#chartKey !== chartKey) {
      this.#chartKey = chartKey;
      void this.loadHistogram();
    }
    const facetKey = this.#key + this.#fields.join();
    if (this.#facetKey !== facetKey) {
      this.#facetKey = facetKey;
      void this.loadFacets(this.#fields);
    }
  }

  /** Asks everything again. */
  reload() {
    this.#chartKey = this.#facetKey = "";
    for (const part of [this.histogram, this.facets]) part.value = { ...part.value, loading: true };
    for (const counting of [this.#charts, this.#counts]) counting.abort(); // of what was asked before
    void this.load();
  }

  /** @param {() => void} run @param {number} after  milliseconds */
  #later(run, after) {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(run, after);
  }

  async load() {
    const place = /** @type {Place} */ (this.#place);
    this.stop();
    this.#isStopped = false;
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    batch(() => {
      this.status.value = "loading";
      this.error.value = null;
      this.moreError.value = null;
    });
    try {
      const answer = await this.#page("", FIRST_PAGE, signal);
      batch(() => {
        this.store = new RowStore();
        this.store.append(answer.events, null); // asked again, it would be today's newest
        this.next.value = answer.next ?? null;
        this.indexed.value = answer.indexed;
        this.size.value = answer.size;
        this.status.value = "ready";
        indexAway.value = false;
        this.current.value = 0;
        this.picked.value = false;
        this.scrollTop = 0;
        this.shift.value = 0;
        this.newer.value = 0;
        this.skipped.value = 0;
        this.#pending = [];
        this.version.value += 1;
      });
      this.#count();
      if (place.live) this.#follow(answer.indexed - 1);
    } catch (error) {
      if (!(error instanceof ApiError) || signal.aborted) return;
      batch(() => {
        this.error.value = error;
        this.status.value = "failed";
        for (const part of [this.histogram, this.facets]) part.value = { value: null, error, loading: false }; // it would be theirs, too
      });
      if (error.status === 503 || error.status === 0) this.#later(() => this.reload(), RETRY_MS);
    }
  }

  /** The next page, unless it is on its way. */
  async more() {
    const cursor = this.next.value;
    if (cursor === null || this.loadingMore.value || this.status.value !== "ready") return;
    const { signal } = this.#controller;
    const { store } = this;
    this.loadingMore.value = true;
    this.moreError.value = null;
    try {
      const answer = await this.#page(cursor, PAGE, signal);
      if (signal.aborted || store !== this.store) return;
      batch(() => {
        store.append(answer.events, cursor);
        this.next.value = answer.next ?? null;
        this.version.value += 1;
      });
    } catch (error) {
      if (error instanceof ApiError && !signal.aborted) this.moreError.value = error;
    } finally {
      this.loadingMore.value = false;
    }
  }

  /** Loads rows again that were let go. @param {number} position */
  async refill(position) {
    const page = this.store.missing(position);
    if (!page || this.#refilling.has(page.cursor)) return;
    this.#refilling.add(page.cursor);
    try {
      const { events } = await this.#page(page.cursor, page.count, this.#controller.signal);
      page.fill(events);
      this.version.value += 1;
    } catch {
      // the rows stay empty, and are asked for again at the next scroll
    } finally {
      this.#refilling.delete(page.cursor);
    }
  }

  async loadHistogram() {
    const by = this.#place?.by ?? "outcome";
    this.#charts.abort();
    this.#charts = new AbortController();
    await this.#part(this.histogram, "histogram", { buckets: String(BUCKETS), by }, this.#charts.signal);
  }

  /** @param {string[]} fields */
  async loadFacets(fields) {
    this.#counts.abort();
    this.#counts = new AbortController();
    if (!fields.length) this.facets.value = { value: { facets: {}, total: 0, indexed: 0 }, error: null, loading: false };
    else await this.#part(this.facets, "facets", { fields: fields.join(","), limit: "10" }, this.#counts.signal);
  }

  /** The person is away from the top, or back. @param {boolean} paused */
  pause(paused) {
    if (this.paused.value === paused) return;
    this.paused.value = paused;
    if (!paused) this.catchUp();
  }

  /** Shows what waited. */
  catchUp() {
    const rows = this.#pending;
    const lost = this.newer.value > rows.length;
    this.#pending = [];
    this.newer.value = 0;
    if (lost) void this.load();
    else this.#prepend(rows);
  }

  stop() {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#controller.abort();
    this.#stopTail();
    this.tail.value = "off";
  }

  /** Goes on with a search that is shown again. */
  resume() {
    if (!this.#isStopped || !this.#place) return;
    this.#isStopped = false;
    if (this.status.value !== "ready") {
      this.reload();
      return;
    }
    this.#controller = new AbortController();
    if (this.#place.live) this.#follow(this.indexed.value - 1);
  }

  /** @param {number} after */
  #follow(after) {
    const redraw = () => {
      if (document.visibilityState === "visible") void this.loadHistogram();
      this.#later(redraw, LIVE_CHART_MS);
    };
    this.#later(redraw, LIVE_CHART_MS);
    this.#stopTail = follow({
      path: inLog(this.log, "tail"),
      query: { q: this.#asked.q ?? "", clock: this.#asked.clock ?? "", zone: this.#asked.zone ?? "" },
      after,
      onRows: (rows) => (this.paused.value ? this.#hold(rows) : this.#prepend(rows)),
      onProgress: ({ indexed, skipped }) =>
        batch(() => {
          this.indexed.value = indexed;
          this.size.value = Math.max(this.size.value, indexed);
          this.skipped.value += skipped;
        }),
      onState: (state) => (this.tail.value = state),
      onRefused: (error) => {
        this.moreError.value = error;
        this.tail.value = "off";
      },
    });
  }

  /** @param {Row[]} rows */
  #hold(rows) {
    this.newer.value += rows.length;
    this.#pending = [...rows, ...this.#pending].slice(0, PENDING_ROWS);
  }

  /** @param {Row[]} rows */
  #prepend(rows) {
    if (!rows.length) return;
    batch(() => {
      this.store.prepend(rows);
      this.shift.value += rows.length;
      this.current.value = Math.min(this.picked.value ? this.current.value + rows.length : 0, this.store.count - 1);
      if (this.store.trim(LIVE_ROWS)) this.next.value = null;
      this.version.value += 1;
    });
  }

  /** @param {string} cursor @param {number} limit @param {AbortSignal} signal @returns {Promise<{events: Row[], next: string | null, indexed: number, size: number}>} */
  #page(cursor, limit, signal) {
    const order = this.#place?.order ?? "newest";
    return getJson(inLog(this.log, "events"), { query: { ...this.#asked, order: order === "newest" ? "" : order, limit, cursor, view: "row" }, signal });
  }

  /** @param {import("../../vendor/signals-core.js").Signal<Part<any>>} part @param {string} name @param {Record<string, string>} query @param {AbortSignal} signal */
  async #part(part, name, query, signal) {
    part.value = { ...part.value, loading: true };
    try {
      part.value = { value: await getJson(inLog(this.log, name), { query: { ...this.#asked, ...query }, signal }), error: null, loading: false };
    } catch (error) {
      if (error instanceof ApiError && !signal.aborted) part.value = { value: null, error, loading: false };
    }
  }
}

/** @type {Search | null} */
let last = null;

/** @param {string} log @returns {Search | null} the search that was shown last, when there was one in this log */
export const lastSearch = (log) => (last?.log === log ? last : null);

/** @param {string} log @returns {Search} the same, or a new one */
export function searchOf(log) {
  if (last?.log !== log) last = new Search(log);
  return last;
}
