/**
 * Two JSON values side by side, as lines: what went, what came, what stayed. Pure.
 *
 * Objects are compared by name, arrays by the longest common subsequence of equal elements (by position when they are
 * long). Runs of equal lines fold into one.
 */

/**
 * @typedef {"same" | "removed" | "added" | "changed" | "folded"} LineKind
 * @typedef {object} Line
 * @property {LineKind} kind
 * @property {number} depth
 * @property {(string | number)[]} path
 * @property {string} name  as the line shows it; `[3]` for an element of an array
 * @property {string} before  JSON of the old value; empty when there is none, and for a container, whose members follow
 * @property {string} after
 * @property {number} [count]  lines that a folded line stands for
 */

const ALIGN_CELLS = 250_000;
const MOST_LINES = 20_000;

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** @param {unknown} a @param {unknown} b @returns {boolean} */
export function equal(a, b) {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((one, at) => equal(one, b[at]));
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && equal(a[name], b[name]));
}

/** @param {unknown} before undefined: there was nothing @param {unknown} after @returns {Line[]} */
export function diff(before, after) {
  /** @type {Line[]} */
  const lines = [];
  compare(before, after, { depth: 0, path: [], name: "", lines });
  return lines;
}

/** @typedef {{depth: number, path: (string | number)[], name: string, lines: Line[]}} Place */

/** @param {unknown} before @param {unknown} after @param {Place} place */
function compare(before, after, place) {
  if (place.lines.length > MOST_LINES) return;
  if (equal(before, after)) whole("same", before, place);
  else if (before === undefined) whole("added", after, place);
  else if (after === undefined) whole("removed", before, place);
  else if (isObject(before) && isObject(after)) container(place, () => members(before, after, place));
  else if (Array.isArray(before) && Array.isArray(after)) container(place, () => elements(before, after, place));
  else if (isScalar(before) && isScalar(after)) push("changed", JSON.stringify(before), JSON.stringify(after), place);
  else {
    whole("removed", before, place);
    whole("added", after, place);
  }
}

/** @param {unknown} value */
const isScalar = (value) => value === null || typeof value !== "object";

/** @param {Place} place @param {string | number} step @returns {Place} */
const below = (place, step) => ({
  depth: place.path.length ? place.depth + 1 : 0,
  path: [...place.path, step],
  name: typeof step === "string" ? step : `[${step}]`,
  lines: place.lines,
});

/** The document itself needs no line of its own. @param {Place} place @param {() => void} fill */
function container(place, fill) {
  if (place.path.length) push("same", "", "", place);
  fill();
}

/** @param {Record<string, unknown>} before @param {Record<string, unknown>} after @param {Place} place */
function members(before, after, place) {
  const names = [...Object.keys(before)];
  for (const [at, name] of Object.keys(after).entries()) if (!Object.hasOwn(before, name)) names.splice(Math.min(at, names.length), 0, name);
  for (const name of names) {
    compare(Object.hasOwn(before, name) ? before[name] : undefined, Object.hasOwn(after, name) ? after[name] : undefined, below(place, name));
  }
}

/** @param {unknown[]} before @param {unknown[]} after @param {Place} place */
function elements(before, after, place) {
  for (const [left, right] of aligned(before, after)) {
    compare(left === null ? undefined : before[left], right === null ? undefined : after[right], below(place, right ?? left ?? 0));
  }
}

/** @param {unknown[]} before @param {unknown[]} after @returns {[number | null, number | null][]} positions that belong together */
function aligned(before, after) {
  const [m, n] = [before.length, after.length];
  /** @type {[number | null, number | null][]} */
  const pairs = [];
  if (m * n > ALIGN_CELLS || m === n) {
    for (let at = 0; at < Math.max(m, n); at += 1) pairs.push([at < m ? at : null, at < n ? at : null]);
    return pairs;
  }
  const width = n + 1;
  const table = new Uint32Array((m + 1) * width);
  for (let i = m - 1; i >= 0; i -= 1) {
    for (let j = n - 1; j >= 0; j -= 1) {
      const cell = equal(before[i], after[j])
        ? (table[(i + 1) * width + j + 1] ?? 0) + 1
        : Math.max(table[(i + 1) * width + j] ?? 0, table[i * width + j + 1] ?? 0);
      table[i * width + j] = cell;
    }
  }
  let [i, j] = [0, 0];
  while (i < m || j < n) {
    if (i < m && j < n && equal(before[i], after[j])) pairs.push([i++, j++]);
    else if (i < m && (j >= n || (table[(i + 1) * width + j] ?? 0) >= (table[i * width + j + 1] ?? 0))) pairs.push([i++, null]);
    else pairs.push([null, j++]);
  }
  return pairs;
}

/** @param {"same" | "added" | "removed"} kind @param {unknown} value @param {Place} place */
function whole(kind, value, place) {
  if (place.lines.length > MOST_LINES) return;
  const nested = Array.isArray(value) ? value.length : isObject(value) ? Object.keys(value).length : 0;
  if (!nested) {
    const text = JSON.stringify(value) ?? "";
    push(kind, kind === "added" ? "" : text, kind === "removed" ? "" : text, place);
    return;
  }
  if (place.path.length) push(kind, "", "", place);
  for (const [key, inner] of Object.entries(/** @type {object} */ (value))) {
    whole(kind, inner, below(place, Array.isArray(value) ? Number(key) : key));
  }
}

/** @param {LineKind} kind @param {string} before @param {string} after @param {Place} place */
function push(kind, before, after, { depth, path, name, lines }) {
  lines.push({ kind, depth, path, name, before, after });
}

/** @param {Line[]} lines @param {number} [context] equal lines kept around a change @returns {Line[]} */
export function folded(lines, context = 2) {
  const near = new Uint8Array(lines.length);
  for (const [at, line] of lines.entries()) {
    if (line.kind === "same") continue;
    for (let around = Math.max(0, at - context); around <= Math.min(lines.length - 1, at + context); around += 1) near[around] = 1;
  }
  /** @type {Line[]} */
  const kept = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = /** @type {Line} */ (lines[at]);
    let stop = at;
    while (stop < lines.length && !near[stop]) stop += 1;
    const count = stop - at;
    if (count > 1) {
      kept.push({ ...line, kind: "folded", name: "", before: "", after: "", count });
      at = stop - 1;
    } else kept.push(line);
  }
  return kept;
}
