/**
 * What of a JSON document is unfolded. Pure over a `Source`; a view renders `rows()`.
 *
 * A container with more than 100 children shows groups of 100 (of 10,000, and so on) instead, so that unfolding never
 * makes more than a hundred rows, whatever the size.
 */

/** @import {Item, Path, Source, Found} from "./json-source.js" */
/**
 * @typedef {object} Branch
 * @property {Item} item  of a group: the container whose children it holds
 * @property {Path} path
 * @property {number} depth
 * @property {boolean} open
 * @property {Branch[] | null} children  null: never unfolded
 * @property {number} total  children of the container; -1 while it is not known
 * @property {{from: number, to: number} | null} group  the children it stands for, `to` exclusive
 */

const FAN = 100;
const OPEN_AT_FIRST = 24;
const OPEN_IN_ALL = 60;
const UNFOLD_MOST = 600;

/** @param {Branch} branch */
export const isContainer = ({ item, group }) => group !== null || ((item.kind === "object" || item.kind === "array") && item.preview.replace(/\s/g, "").length > 2);

export class TreeModel {
  /** @type {Branch | null} */
  root = null;

  /** @param {Source} source @param {Path} [path]  of the document in the event */
  constructor(source, path = []) {
    this.source = source;
    this.path = path;
  }

  /** Loads the root and unfolds what fits into a glance. @param {boolean} [deep] */
  async start(deep = true) {
    this.root = branchOf(await this.source.root(), this.path, 0);
    let rows = 1;
    let level = [this.root];
    for (let depth = 0; level.length && depth < (deep ? 6 : 1); depth += 1) {
      /** @type {Branch[]} */
      const next = [];
      for (const branch of level) {
        if (!isContainer(branch) || branch.item.mark || (depth > 0 && (rows > OPEN_IN_ALL || branch.item.cut))) continue;
        await this.unfold(branch);
        const children = branch.children ?? [];
        if (depth > 0 && (children.length > OPEN_AT_FIRST || rows + children.length > OPEN_IN_ALL)) branch.open = false;
        else {
          rows += children.length;
          next.push(...children.filter((child) => !child.group));
        }
      }
      level = next;
    }
  }

  /** @param {Branch} branch */
  async unfold(branch) {
    branch.open = true;
    if (branch.children) return;
    const { item, path, depth } = branch;
    let { from, to } = branch.group ?? { from: 0, to: 0 };
    /** @type {Item[]} */
    let items = [];
    if (!branch.group) {
      const page = await this.source.children(item, 0, FAN);
      branch.total = to = page.total;
      items = page.items;
    } else if (to - from <= FAN) items = (await this.source.children(item, from, to - from)).items;
    if (to - from <= FAN) {
      branch.children = items.map((child) => branchOf(child, [...path, child.key], depth + 1));
      return;
    }
    let size = FAN;
    while ((to - from) / size > FAN) size *= FAN;
    branch.children = [];
    for (let at = from; at < to; at += size) {
      branch.children.push({ ...branchOf(item, path, depth + 1), total: branch.total, group: { from: at, to: Math.min(to, at + size) } });
    }
  }

  /** @param {Branch} branch */
  fold(branch) {
    branch.open = false;
  }

  /** Unfolds everything below, up to some hundred rows. @param {Branch} branch */
  async unfoldAll(branch) {
    let room = UNFOLD_MOST;
    let level = [branch];
    while (level.length && room > 0) {
      /** @type {Branch[]} */
      const next = [];
      for (const one of level) {
        if (!isContainer(one) || room <= 0) continue;
        await this.unfold(one);
        room -= one.children?.length ?? 0;
        next.push(...(one.children ?? []));
      }
      level = next;
    }
  }

  /** Unfolds the way to a member. @param {Found} found @returns {Promise<Branch | null>} */
  async reveal({ at }) {
    let branch = this.root;
    for (const position of at) {
      if (!branch) return null;
      await this.unfold(branch);
      /** @type {Branch | undefined} */
      let child = this.#holding(branch, position);
      while (child?.group) {
        await this.unfold(child);
        child = this.#holding(child, position);
      }
      branch = child ?? null;
    }
    return branch;
  }

  /** @param {Branch} branch @param {number} position @returns {Branch | undefined} */
  #holding({ children, group }, position) {
    const grouped = children?.find((child) => child.group && position >= child.group.from && position < child.group.to);
    return grouped ?? children?.[position - (group?.from ?? 0)];
  }

  /** @returns {Branch[]} what is to be seen, from the top */
  rows() {
    /** @type {Branch[]} */
    const rows = [];
    /** @param {Branch} branch */
    const add = (branch) => {
      rows.push(branch);
      if (branch.open) for (const child of branch.children ?? []) add(child);
    };
    if (this.root) add(this.root);
    return rows;
  }
}

/** @param {Item} item @param {Path} path @param {number} depth @returns {Branch} */
const branchOf = (item, path, depth) => ({ item, path, depth, open: false, children: null, total: -1, group: null });
