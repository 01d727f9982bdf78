/**
 * A JSON document to look into, piece by piece: in memory (`BytesSource`), or in a worker (`WorkerSource`) when it is
 * large. Both answer the same questions, asynchronously, so that the tree need not know which it has.
 */

import { beginning, nodeAt, textOf, walk } from "./json-bytes.js";

/** @import {Node} from "./json-bytes.js" */
/**
 * @typedef {Node & {key: string | number, preview: string, cut: boolean, mark: string}} Item
 *   `preview` is a string's text, a number's spelling or the beginning of a container's JSON; `mark` is `$redacted` or
 *   `$sealed` when the value stands for one that was taken out
 */
/** @typedef {{items: Item[], total: number}} Page  some children of a container, and how many it has in all */
/** @typedef {(string | number)[]} Path */
/** @typedef {{path: Path, at: number[]}} Found  the members on the way, and the position of each among its siblings */
/**
 * @typedef {object} Source
 * @property {() => Promise<Item>} root
 * @property {(node: Node, from: number, most: number) => Promise<Page>} children
 * @property {(node: Node, most: number) => Promise<{text: string, cut: boolean}>} text  of a string, or the JSON of anything else
 * @property {(wanted: string, most: number) => Promise<Found[]>} find  members whose name or scalar contains the text
 * @property {() => void} close
 */

export const PREVIEW_CHARACTERS = 160;
const MARK_EVERY = 256;

/** @implements {Source} */
export class BytesSource {
  /** @type {Map<number, {total: number, marks: number[]}>} by the start of a container: where each 256th child begins */
  #known = new Map();

  /** @param {Uint8Array} bytes @param {Node} [root] */
  constructor(bytes, root = nodeAt(bytes)) {
    this.bytes = bytes;
    this.node = root;
  }

  async root() {
    return this.#item({ ...this.node, key: "" });
  }

  /** @param {Node} node @param {number} from @param {number} most */
  async children(node, from, most) {
    const { total, marks } = this.#index(node);
    /** @type {Item[]} */
    const items = [];
    const mark = Math.floor(from / MARK_EVERY);
    const at = marks[mark];
    if (at === undefined) return { items, total };
    let position = mark * MARK_EVERY;
    for (const child of walk(this.bytes, node, { at, position })) {
      if (position >= from) items.push(this.#item(child));
      position += 1;
      if (items.length >= most) break;
    }
    return { items, total };
  }

  /** @param {Node} node @param {number} most */
  async text(node, most) {
    return beginning(this.bytes, node, most);
  }

  /** @param {string} wanted @param {number} most */
  async find(wanted, most) {
    /** @type {Found[]} */
    const found = [];
    if (wanted) this.#find(this.node, { path: [], at: [] }, wanted.toLowerCase(), most, found);
    return found;
  }

  close() {}

  /** @param {Node} node @param {Found} here @param {string} wanted @param {number} most @param {Found[]} found */
  #find(node, here, wanted, most, found) {
    if (node.kind !== "object" && node.kind !== "array") {
      if (!here.path.length && textOf(this.bytes, node).toLowerCase().includes(wanted)) found.push(here);
      return;
    }
    let position = 0;
    for (const child of walk(this.bytes, node)) {
      if (found.length >= most) return;
      const inside = child.kind === "object" || child.kind === "array";
      const named = typeof child.key === "string" && child.key.toLowerCase().includes(wanted);
      const there = { path: [...here.path, child.key], at: [...here.at, position] };
      if (named || (!inside && textOf(this.bytes, child).toLowerCase().includes(wanted))) found.push(there);
      if (inside) this.#find(child, there, wanted, most, found);
      position += 1;
    }
  }

  /** @param {Node} node */
  #index(node) {
    const known = this.#known.get(node.start);
    if (known) return known;
    const marks = [node.start + 1];
    let total = 0;
    for (const child of walk(this.bytes, node)) {
      total += 1;
      if (total % MARK_EVERY === 0) marks.push(afterComma(this.bytes, child.end));
    }
    const made = { total, marks };
    this.#known.set(node.start, made);
    return made;
  }

  /** @param {Node & {key: string | number}} child @returns {Item} */
  #item(child) {
    const { text, cut } = beginning(this.bytes, child, PREVIEW_CHARACTERS);
    const marked = child.kind === "object" ? /^\{\s*"(\$redacted|\$sealed)"/.exec(text) : null;
    return { ...child, preview: child.kind === "string" ? text : text.replace(/\s+/g, " "), cut, mark: marked?.[1] ?? "" };
  }
}

/** @param {Uint8Array} bytes @param {number} at */
function afterComma(bytes, at) {
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at += 1;
  return bytes[at] === 0x2c ? at + 1 : at;
}

/**
 * Loads `url` and reads it in a worker, so that the page never waits for it.
 * @implements {Source}
 */
export class WorkerSource {
  /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
  #waiting = new Map();
  #last = 0;

  /** @param {string} url @param {(loaded: number, total: number) => void} [progress] bytes */
  constructor(url, progress = () => {}) {
    this.worker = new Worker(new URL("./json-worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => {
      if (data.progress) {
        progress(data.loaded, data.total);
        return;
      }
      const waiting = this.#waiting.get(data.call);
      this.#waiting.delete(data.call);
      if (data.error === undefined) waiting?.resolve(data.result);
      else waiting?.reject(new Error(data.error));
    };
    this.worker.onerror = (event) => {
      for (const waiting of this.#waiting.values()) waiting.reject(new Error(event.message || "the worker cannot be started"));
      this.#waiting.clear();
    };
    this.loaded = this.#ask("load", url);
  }

  /** @returns {Promise<Item>} */
  root() {
    return this.loaded.then(() => this.#ask("root"));
  }

  /** @param {Node} node @param {number} from @param {number} most @returns {Promise<Page>} */
  children(node, from, most) {
    return this.#ask("children", node, from, most);
  }

  /** @param {Node} node @param {number} most @returns {Promise<{text: string, cut: boolean}>} */
  text(node, most) {
    return this.#ask("text", node, most);
  }

  /** @param {string} wanted @param {number} most @returns {Promise<Found[]>} */
  find(wanted, most) {
    return this.#ask("find", wanted, most);
  }

  close() {
    this.worker.terminate();
  }

  /** @param {string} what @param {...unknown} given @returns {Promise<any>} */
  #ask(what, ...given) {
    this.#last += 1;
    const call = this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
      this.worker.postMessage({ call, what, given });
    });
  }
}
