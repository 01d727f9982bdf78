/**
 * The rows that were loaded, in the order of the list: compact, and bounded in memory. Pure.
 *
 * A page of rows is kept as the UTF-8 of their JSON, half a kilobyte a row, outside the heap; a row is parsed when it
 * is looked at. Beyond `mostBytes` the pages farthest from the last look lose their bytes and are asked for again by
 * their cursor. The first position is 0; rows put in front move all others.
 */

/** @import {Row} from "../../parts/row.js" */
/**
 * @typedef {object} Page
 * @property {number} first  position, counted from where the store began
 * @property {number} count
 * @property {string | null} cursor  what the page was asked with; null for the first and for live ones, which cannot be asked for again
 * @property {Uint8Array | null} bytes
 * @property {Uint32Array} ends
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const PARSED = 512;

export class RowStore {
  /** @type {Page[]} */
  #pages = [];
  #begin = 0;
  #end = 0;
  #bytes = 0;
  /** @type {Map<number, Row>} by position from where the store began */
  #parsed = new Map();

  /** @param {number} [mostBytes] */
  constructor(mostBytes = 64_000_000) {
    this.mostBytes = mostBytes;
  }

  get count() {
    return this.#end - this.#begin;
  }

  /** Bytes of rows held now. */
  get bytes() {
    return this.#bytes;
  }

  /** @param {Row[]} rows @param {string | null} cursor  what they were asked with */
  append(rows, cursor) {
    if (!rows.length) return;
    this.#pages.push(this.#packed(rows, this.#end, cursor));
    this.#end += rows.length;
    this.#evict(this.#end - 1);
  }

  /** Rows that came live, newest first. @param {Row[]} rows */
  prepend(rows) {
    if (!rows.length) return;
    this.#begin -= rows.length;
    this.#pages.unshift(this.#packed(rows, this.#begin, null));
    this.#evict(this.#begin);
  }

  /** Lets the last pages go until about `most` rows are left. @param {number} most @returns {boolean} whether something went */
  trim(most) {
    let went = false;
    for (let last = this.#pages.at(-1); last && this.count - last.count >= most; last = this.#pages.at(-1)) {
      this.#pages.pop();
      this.#end -= last.count;
      this.#bytes -= last.bytes?.length ?? 0;
      went = true;
    }
    return went;
  }

  /** @param {number} position @returns {Row | null} null when it has to be loaded again */
  at(position) {
    const here = position + this.#begin;
    const known = this.#parsed.get(here);
    if (known) return known;
    const page = this.#pageOf(here);
    if (!page?.bytes) return null;
    const at = here - page.first;
    const row = JSON.parse(decoder.decode(page.bytes.subarray(at ? page.ends[at - 1] : 0, page.ends[at])));
    if (this.#parsed.size >= PARSED) for (const old of [...this.#parsed.keys()].slice(0, PARSED / 2)) this.#parsed.delete(old);
    this.#parsed.set(here, row);
    return row;
  }

  /** @param {number} position @returns {{cursor: string, count: number, fill: (rows: Row[]) => void} | null} the page to load again there */
  missing(position) {
    const page = this.#pageOf(position + this.#begin);
    if (!page || page.bytes || page.cursor === null) return null;
    return {
      cursor: page.cursor,
      count: page.count,
      fill: (rows) => {
        if (page.bytes || rows.length < page.count) return;
        const { bytes, ends } = pack(rows.slice(0, page.count));
        Object.assign(page, { bytes, ends });
        this.#bytes += bytes.length;
        this.#evict(page.first);
      },
    };
  }

  /** @param {number} index  of the log @param {number} near  a position to look around @returns {number} its position, -1 when it is not here */
  find(index, near) {
    const most = Math.max(near, this.count - near);
    for (let away = 0; away <= Math.min(most, 2000); away += 1) {
      for (const position of away ? [near - away, near + away] : [near]) {
        if (position >= 0 && position < this.count && this.at(position)?.index === index) return position;
      }
    }
    return -1;
  }

  /** @param {Row[]} rows @param {number} first @param {string | null} cursor @returns {Page} */
  #packed(rows, first, cursor) {
    const { bytes, ends } = pack(rows);
    this.#bytes += bytes.length;
    return { first, count: rows.length, cursor, bytes, ends };
  }

  /** @param {number} here @returns {Page | undefined} */
  #pageOf(here) {
    let low = 0;
    let high = this.#pages.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (/** @type {Page} */ (this.#pages[middle]).first <= here) low = middle;
      else high = middle - 1;
    }
    const page = this.#pages[low];
    return page && here >= page.first && here < page.first + page.count ? page : undefined;
  }

  /** @param {number} near */
  #evict(near) {
    while (this.#bytes > this.mostBytes) {
      /** @type {Page | null} */
      let farthest = null;
      for (const page of this.#pages) {
        if (!page.bytes || page.cursor === null) continue;
        if (!farthest || Math.abs(page.first - near) > Math.abs(farthest.first - near)) farthest = page;
      }
      if (!farthest?.bytes || (near >= farthest.first && near < farthest.first + farthest.count)) return;
      this.#bytes -= farthest.bytes.length;
      farthest.bytes = null;
    }
  }
}

/** @param {Row[]} rows @returns {{bytes: Uint8Array, ends: Uint32Array}} */
function pack(rows) {
  const texts = rows.map((row) => encoder.encode(JSON.stringify(row)));
  const ends = new Uint32Array(rows.length);
  let size = 0;
  for (const [at, text] of texts.entries()) ends[at] = size += text.length;
  const bytes = new Uint8Array(size);
  for (const [at, text] of texts.entries()) bytes.set(text, at ? ends[at - 1] : 0);
  return { bytes, ends };
}
