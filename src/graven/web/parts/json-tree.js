/** A JSON document as a tree: folded, searched, copied from, and a way from a value to a query for it. */

import { html, style, useEffect, useReducer, useRef, useState } from "../html.js";
import { count, Problem, size } from "../shell/parts.js";
import { announce } from "../state.js";
import { copyText } from "./copy.js";
import { dotted } from "./json-bytes.js";
import { pathField, term } from "./query-text.js";
import { isContainer, TreeModel } from "./tree-model.js";

/** @import {Found, Source} from "./json-source.js" @import {Branch} from "./tree-model.js" */
/**
 * @typedef {object} JsonTreeProps
 * @property {Source} source
 * @property {string} root  the member of the event: `input`, `output`, `attributes`; the query field starts with it
 * @property {(string | number)[]} [path]  where the document stands below `root`
 * @property {boolean} [searchable]  by a field with a path: only `input`, `output`, `attributes` and `labels` are
 * @property {boolean} [deep]  unfold at first what fits into a glance
 * @property {(query: string) => void} [onFilter]
 * @property {string} label
 */

await style(import.meta.url, "./json.css");

const FILTER_CHARACTERS = 300;
const TEXT_STEP = 50_000;
const COPY_CHARACTERS = 5_000_000;
const MOST_FOUND = 200;
const MANY = 150;

/** @param {JsonTreeProps} props */
export function JsonTree({ source, root, path = [], searchable = false, deep = true, onFilter, label }) {
  const [model, setModel] = useState(/** @type {TreeModel | null} */ (null));
  const [, redraw] = useReducer((/** @type {number} */ n) => n + 1, 0);
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const [active, setActive] = useState(/** @type {Branch | null} */ (null));
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  useEffect(() => {
    let isHere = true;
    const made = new TreeModel(source, path);
    made.start(deep).then(() => isHere && setModel(made), (problem) => isHere && setError(problem));
    return () => {
      isHere = false;
    };
  }, [source]);
  if (error) return html`<${Problem} error=${error} what="This value cannot be shown" />`;
  if (!model?.root) return html`<p class="loading">Reading…</p>`;
  const rows = model.rows();
  const here = active && rows.includes(active) ? active : rows[0];
  const run = async (/** @type {Promise<unknown>} */ work) => {
    await work.catch(setError);
    redraw(0);
  };
  const toggle = (/** @type {Branch} */ branch) => {
    if (branch.open) model.fold(branch);
    else void run(model.unfold(branch));
    redraw(0);
  };
  const go = (/** @type {Branch | undefined} */ branch) => {
    if (!branch) return;
    setActive(branch);
    requestAnimationFrame(() => /** @type {HTMLElement | null | undefined} */ (box.current?.querySelector('[tabindex="0"]'))?.focus());
  };
  const keyed = (/** @type {KeyboardEvent} */ event) => {
    if (!(event.target instanceof HTMLElement) || event.target.getAttribute("role") !== "treeitem" || !here || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = rows.indexOf(here);
    if (event.key === "ArrowDown") go(rows[at + 1]);
    else if (event.key === "ArrowUp") go(rows[at - 1]);
    else if (event.key === "Home") go(rows[0]);
    else if (event.key === "End") go(rows.at(-1));
    else if (event.key === "ArrowRight" && isContainer(here)) here.open ? go(rows.slice(at + 1, at + 2).find((row) => row.depth > here.depth)) : toggle(here);
    else if (event.key === "ArrowLeft" && here.open) toggle(here);
    else if (event.key === "ArrowLeft") go(rows.slice(0, at).findLast((row) => row.depth < here.depth));
    else if ((event.key === "Enter" || event.key === " ") && isContainer(here)) toggle(here);
    else if (event.key === "*") void run(model.unfoldAll(here));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<div class="jsontree">
    <${Tools} model=${model} label=${label} run=${run} onFound=${async (/** @type {Found} */ found) => {
      const branch = await model.reveal(found);
      redraw(0);
      if (branch) setActive(branch);
      requestAnimationFrame(() => box.current?.querySelector('[tabindex="0"]')?.scrollIntoView({ block: "nearest" }));
    }} />
    <div class=${rows.length > MANY ? "jsonrows many" : "jsonrows"} role="tree" aria-label=${label} ref=${box} onKeyDown=${keyed}>
      ${rows.map(
        (branch) => html`<${TreeRow} key=${branch.group ? `${branch.path.join("\u0000")}\u0001${branch.group.from}-${branch.group.to}` : branch.path.join("\u0000")} branch=${branch} isRoot=${branch === model.root} root=${root}
          source=${source} active=${branch === here} chosen=${branch === active} open=${branch.open} searchable=${searchable} onFilter=${onFilter} onToggle=${() => toggle(branch)} onFocus=${() => setActive(branch)} />`,
      )}
    </div>
  </div>`;
}

/** @param {{model: TreeModel, label: string, run: (work: Promise<unknown>) => void, onFound: (found: Found) => void}} props */
function Tools({ model, label, run, onFound }) {
  const [found, setFound] = useState(/** @type {Found[] | null} */ (null));
  const [at, setAt] = useState(0);
  const asked = useRef("");
  const search = async (/** @type {string} */ text, /** @type {number} */ by) => {
    if (!text) return setFound(null);
    let list = found;
    let next = 0;
    if (text !== asked.current || !list) {
      asked.current = text;
      list = await model.source.find(text, MOST_FOUND);
      setFound(list);
    } else next = (at + by + list.length) % Math.max(list.length, 1);
    setAt(next);
    const one = list[next];
    if (one) onFound(one);
    announce(list.length ? `${next + 1} of ${list.length}` : "nothing found");
  };
  return html`<div class="jsontools">
    <input type="search" class="small" placeholder="Find in ${label}" aria-label=${`Find in ${label}`} onKeyDown=${(/** @type {any} */ event) => event.key === "Enter" && search(event.currentTarget.value, event.shiftKey ? -1 : 1)}
      onInput=${(/** @type {any} */ event) => (event.currentTarget.value ? undefined : setFound(null))} />
    ${found && html`<span class="muted num">${found.length ? `${at + 1} of ${found.length}${found.length === MOST_FOUND ? "+" : ""}` : "nothing"}</span>`}
    <button type="button" class="btn quiet small" onClick=${() => model.root && run(model.unfoldAll(model.root))}>Unfold</button>
    <button type="button" class="btn quiet small" onClick=${() => { for (const row of model.rows().slice(1)) model.fold(row); run(Promise.resolve()); }}>Fold</button>
    <button type="button" class="btn quiet small" onClick=${() => model.root && copyBranch(model, model.root)}>Copy</button>
  </div>`;
}

/** @param {{source: import("./json-source.js").Source}} of @param {Branch} branch */
async function copyBranch({ source }, branch) {
  const { text, cut } = await source.text(branch.item, COPY_CHARACTERS);
  await copyText(text);
  announce(cut ? "Copied the beginning: the value is too long for the clipboard" : "Copied");
}

/**
 * @typedef {object} TreeRowProps
 * @property {Branch} branch @property {boolean} isRoot @property {string} root @property {import("./json-source.js").Source} source
 * @property {boolean} active @property {boolean} chosen @property {boolean} open @property {boolean} searchable
 * @property {((query: string) => void) | undefined} onFilter @property {() => void} onToggle @property {() => void} onFocus
 */

/** @param {TreeRowProps} props */
function TreeRow({ branch, isRoot, root, source, active, chosen, open, searchable, onFilter, onToggle, onFocus }) {
  const { item, path, depth, group } = branch;
  const [shown, setShown] = useState(/** @type {{text: string, cut: boolean} | null} */ (null));
  const [hot, setHot] = useState(false);
  const inside = isContainer(branch) && !(item.mark && !group);
  const isText = item.kind === "string";
  const name = group ? `${count(group.from)} … ${count(group.to - 1)}` : isRoot ? root : String(item.key);
  const whole = async () => setShown(shown && !shown.cut ? null : await source.text(item, (shown?.text.length ?? 0) + TEXT_STEP));
  const filter = async () => {
    const { text } = await source.text(item, FILTER_CHARACTERS + 1);
    if (text.length <= FILTER_CHARACTERS) onFilter?.(term(pathField(root, path), text));
    else announce("This value is too long for a query");
  };
  const canFilter = searchable && onFilter && !inside && !item.mark && item.kind !== "null" && !item.cut;
  return html`<div role="treeitem" class=${`jr${active ? " active" : ""}${chosen ? " chosen" : ""}`} aria-level=${depth + 1} aria-expanded=${inside ? open : undefined} aria-selected=${chosen} tabindex=${active ? 0 : -1}
      style=${{ paddingLeft: `${6 + depth * 16}px` }} onClick=${() => inside && !String(getSelection()) && onToggle()} onFocus=${onFocus} onPointerEnter=${() => setHot(true)} onPointerLeave=${() => setHot(false)}>
    <span class="tri" aria-hidden="true">${inside ? (open ? "▾" : "▸") : ""}</span>
    <span class="jk">${name}</span>${group ? "" : html`<span class="muted">:</span> `}
    ${group ? "" : item.mark ? html`<${Mark} item=${item} />` : html`<span class=${`jv j-${item.kind}`}>${isText ? `"${escaped(item.preview)}${item.cut ? "…" : ""}"` : inside && open ? opened(branch) : item.preview + (item.cut ? "…" : "")}</span>`}
    ${(hot || chosen || shown) && html`<span class="ja">
      ${isText && (item.cut || /\n/.test(item.preview)) && html`<button type="button" onClick=${(/** @type {Event} */ event) => (event.stopPropagation(), whole())}>${shown && !shown.cut ? "hide" : item.cut ? `show ${size(item.end - item.start)}` : "as text"}</button>`}
      ${canFilter && html`<button type="button" title="Search for events with this value here" onClick=${(/** @type {Event} */ event) => (event.stopPropagation(), filter())}>filter</button>`}
      ${!group && html`<button type="button" title="Copy the value" onClick=${(/** @type {Event} */ event) => (event.stopPropagation(), copyBranch({ source }, branch))}>copy</button>
      <button type="button" title=${`Copy ${dotted([root, ...path])}`} onClick=${(/** @type {Event} */ event) => (event.stopPropagation(), copyText(dotted([root, ...path])), announce("Path copied"))}>path</button>`}
    </span>`}
    ${shown && html`<pre class="jtext" tabindex="0" onClick=${(/** @type {Event} */ event) => event.stopPropagation()}>${shown.text}${shown.cut && html`<button type="button" class="btn small" onClick=${whole}>more</button>`}</pre>`}
  </div>`;
}

/** @param {string} text */
const escaped = (text) => JSON.stringify(text).slice(1, -1);

/** @param {Branch} branch */
function opened({ item, total }) {
  const [open, close] = item.kind === "array" ? "[]" : "{}";
  return total > 0 ? `${open} ${count(total)} ${close}` : `${open}…${close}`;
}

/** What stands where a value was taken out. @param {{item: import("./json-source.js").Item}} props */
function Mark({ item }) {
  /** @type {any} */
  let told = {};
  try {
    told = JSON.parse(item.preview)[item.mark];
  } catch {
    // longer than the preview: the kind is enough
  }
  if (item.mark === "$sealed") return html`<span class="chip">sealed${told.subject ? ` for ${told.subject}` : ""}</span>`;
  return html`<span class="chip" title=${told.hmac ? `Equal values have the same HMAC: ${told.hmac}` : undefined}>redacted${told.by ? ` by ${told.by}` : ""}${told.rule ? `, rule ${told.rule}` : ""}</span>`;
}
