/**
 * Text of the query language: its tokens for highlighting, and terms added and taken away. Pure.
 *
 * The server's parser decides what a query means; this file only has to see where a token begins and ends, so it never
 * fails: what it cannot place is a token of kind `bad`.
 */

/**
 * @typedef {'field' | 'operator' | 'value' | 'quoted' | 'word' | 'keyword' | 'group' | 'not' | 'bad'} TokenKind
 * @typedef {{kind: TokenKind, from: number, to: number}} Token
 */

const BARE = /^[\p{L}\p{N}_][\p{L}\p{N}_.\/@:+#%$-]*$/u;
const FIELD = /(?:[A-Za-z_][\w@/+-]*)(?:\.(?:[\w@/+$-]+|"(?:[^"\\]|\\.)*")|\[\d*\])*(?=:|>=?|<=?)/y;
const KEYWORDS = new Set(["AND", "OR", "NOT"]);

/** @param {string} query @returns {Token[]} */
export function tokens(query) {
  /** @type {Token[]} */
  const found = [];
  let at = 0;
  /** @param {TokenKind} kind @param {number} to */
  const push = (kind, to) => {
    found.push({ kind, from: at, to });
    at = to;
  };
  while (at < query.length) {
    const character = query[at] ?? "";
    if (/\s/.test(character)) at += 1;
    else if (character === "(" || character === ")") push("group", at + 1);
    else if (character === "-" && startsTerm(query, at)) push("not", at + 1);
    else if (character === '"') push(isClosed(query, at) ? "quoted" : "bad", quotedEnd(query, at));
    else {
      FIELD.lastIndex = at;
      const field = FIELD.exec(query);
      if (field) {
        push("field", at + field[0].length);
        push("operator", at + (/^(?:>=|<=)/.test(query.slice(at, at + 2)) ? 2 : 1));
        if (query[at] === '"') push(isClosed(query, at) ? "quoted" : "bad", quotedEnd(query, at));
        else if (query[at] !== "(" && query[at] !== undefined && !/\s/.test(query[at] ?? "")) push("value", bareEnd(query, at));
      } else {
        const to = bareEnd(query, at);
        push(KEYWORDS.has(query.slice(at, to)) ? "keyword" : "word", to);
      }
    }
  }
  return found;
}

/** @param {string} query @param {number} at */
const startsTerm = (query, at) => /(?:^|[\s(:])$/.test(query.slice(0, at)) && /\S/.test(query[at + 1] ?? "");

/** @param {string} query @param {number} at */
function quotedEnd(query, at) {
  for (let to = at + 1; to < query.length; to += 1) {
    if (query[to] === "\\") to += 1;
    else if (query[to] === '"') return to + 1;
  }
  return query.length;
}

/** @param {string} query @param {number} at */
function isClosed(query, at) {
  return /^"(?:[^"\\]|\\.)*"/s.test(query.slice(at));
}

/** @param {string} query @param {number} at */
function bareEnd(query, at) {
  let to = at;
  while (to < query.length && !/[\s()]/.test(query[to] ?? "")) to += 1;
  return Math.max(to, at + 1);
}

/** @param {string} value @returns {string} the value as it must be written after `field:` */
export function written(value) {
  if (BARE.test(value) && !value.includes("..")) return value;
  return `"${value.replace(/[\\"]/g, "\\$&")}"`;
}

/** @param {string} field @param {string} value @returns {string} `actor:alice` */
export const term = (field, value) => `${field}:${written(value)}`;

/** @param {string} query @returns {{text: string, from: number, to: number}[]} the terms that are joined by AND at the top */
export function terms(query) {
  const all = tokens(query);
  let depth = 0;
  /** @type {{text: string, from: number, to: number}[]} */
  const found = [];
  let open = -1;
  for (const token of all) {
    const text = query.slice(token.from, token.to);
    if (depth === 0 && token.kind === "keyword" && text === "OR") return [];
    if (open < 0 && !(token.kind === "keyword" && text === "AND")) open = token.from;
    if (text === "(" && token.kind === "group") depth += 1;
    if (text === ")" && token.kind === "group") depth -= 1;
    const next = query[token.to];
    const ended = depth === 0 && (next === undefined || /[\s)]/.test(next)) && !(token.kind === "keyword");
    if (ended && open >= 0) {
      found.push({ text: query.slice(open, token.to), from: open, to: token.to });
      open = -1;
    }
  }
  return found;
}

/** @param {string} query @param {string} wanted @returns {boolean} */
export const has = (query, wanted) => terms(query).some((one) => one.text === wanted);

/** @param {string} query @param {string} wanted a term, `-` in front to exclude @returns {string} */
export function add(query, wanted) {
  const opposite = wanted.startsWith("-") ? wanted.slice(1) : `-${wanted}`;
  const rest = remove(query, opposite);
  if (has(rest, wanted)) return rest;
  if (!rest) return wanted;
  return hasTopOr(rest) ? `(${rest}) ${wanted}` : `${rest} ${wanted}`;
}

/** @param {string} query @param {string} unwanted @returns {string} */
export function remove(query, unwanted) {
  const found = terms(query).find((one) => one.text === unwanted);
  if (!found) return query.trim();
  return `${query.slice(0, found.from).trimEnd()} ${query.slice(found.to).trimStart()}`.trim();
}

/** @param {string} query @param {string} wanted @returns {string} */
export const toggle = (query, wanted) => (has(query, wanted) ? remove(query, wanted) : add(query, wanted));

/** @param {string} query */
function hasTopOr(query) {
  let depth = 0;
  for (const token of tokens(query)) {
    const text = query.slice(token.from, token.to);
    if (token.kind === "group") depth += text === "(" ? 1 : -1;
    else if (depth === 0 && token.kind === "keyword" && text === "OR") return true;
  }
  return false;
}

/**
 * @param {string} root `input`, `output`, `attributes`, `labels`
 * @param {(string | number)[]} path members and positions below it
 * @returns {string} the field of a query: `input.lines[].sku`; positions become any position
 */
export function pathField(root, path) {
  if (root === "labels") return path.length ? `labels.${path.join(".")}` : "labels";
  return path.reduce((/** @type {string} */ made, step) => {
    if (typeof step === "number") return `${made}[]`;
    return /^[\w$-]+$/.test(step) ? `${made}.${step}` : `${made}."${step.replace(/[\\"]/g, "\\$&")}"`;
  }, root);
}

/** @param {string} text @param {number} points  characters, as the server counts positions @returns {number} UTF-16 units */
export function unitsBefore(text, points) {
  let units = 0;
  for (const character of text) {
    if (points <= 0) break;
    points -= 1;
    units += character.length;
  }
  return units + Math.max(0, points);
}

/** @param {string} text @param {number} units @returns {number} characters */
export const pointsBefore = (text, units) => [...text.slice(0, units)].length;
