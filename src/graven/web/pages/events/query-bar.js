/**
 * The query: coloured as it is typed, completed from the server, and underlined where the server found a mistake.
 *
 * The input lies over its own coloured copy. It is a combobox: the suggestions are asked for a moment after a change,
 * arrow keys choose, Tab or Enter takes, Escape closes. Enter without a choice searches.
 */

import { ApiError, getJson, inLog } from "../../api.js";
import { html, useEffect, useId, useRef, useState } from "../../html.js";
import { count } from "../../shell/parts.js";
import { offered } from "../../shell/query_help.js";
import { useNarrow } from "../../parts/narrow.js";
import { pointsBefore, tokens, unitsBefore } from "../../parts/query-text.js";

/** @typedef {{text: string, doc?: string, count?: number}} Option */
/** @typedef {{q: string, from: number, to: number, options: Option[]}} Completion  for the text `q`; positions in UTF-16 units here */
/**
 * @typedef {object} QueryBarProps
 * @property {string} log
 * @property {string} query
 * @property {ApiError | null} error
 * @property {(query: string) => void} onSearch
 * @property {{current: HTMLInputElement | null}} input
 */

const PAUSE_MS = 110;
const PLACEHOLDER = "Search events:  actor:alice  outcome:failure  “card declined”";
const SHORT = "Search:  actor:alice  declined";

/** @param {QueryBarProps} props */
export function QueryBar({ log, query, error, onSearch, input }) {
  const id = useId();
  const [text, setText] = useState(query);
  const [completion, setCompletion] = useState(/** @type {Completion | null} */ (null));
  const [chosen, setChosen] = useState(-1);
  const [scroll, setScroll] = useState(0);
  const asking = useRef(new AbortController());
  const timer = useRef(0);
  useEffect(() => setText(query), [query]);
  useEffect(() => () => close(), []);
  const narrow = useNarrow();
  const example = offered.value;
  useEffect(() => {
    if (!example) return;
    offered.value = "";
    setText(example);
    requestAnimationFrame(() => {
      input.current?.focus();
      input.current?.setSelectionRange(example.length, example.length);
    });
  }, [example]);

  const close = () => {
    clearTimeout(timer.current);
    asking.current.abort();
    setCompletion(null);
    setChosen(-1);
  };
  const ask = () => {
    clearTimeout(timer.current);
    timer.current = window.setTimeout(async () => {
      const element = input.current;
      if (!element || document.activeElement !== element) return;
      asking.current.abort();
      asking.current = new AbortController();
      const q = element.value;
      const at = pointsBefore(q, element.selectionStart ?? q.length);
      try {
        const found = await getJson(inLog(log, "complete"), { query: { q, at }, signal: asking.current.signal, quiet: true });
        setCompletion({ q, from: unitsBefore(q, found.from), to: unitsBefore(q, found.to), options: found.options });
        setChosen(-1);
      } catch {
        setCompletion(null); // a query can be typed without suggestions
      }
    }, PAUSE_MS);
  };
  const current = completion && after(completion, text);
  const take = (/** @type {Option} */ option, isAsked = false) => {
    const element = /** @type {HTMLInputElement} */ (input.current);
    const { from, to } = /** @type {Completion} */ (current);
    const goesOn = /[:><=.]$/.test(option.text);
    const tail = text.slice(to);
    const next = text.slice(0, from) + option.text + (goesOn || /^\s/.test(tail) ? "" : " ") + tail;
    const at = from + option.text.length + (goesOn ? 0 : 1);
    setText(next);
    close();
    requestAnimationFrame(() => {
      element.focus();
      element.setSelectionRange(at, at);
      if (isAsked && !goesOn) search(next); // a whole condition was chosen: its matches are wanted, not more fields
      else ask();
    });
  };
  const search = (/** @type {string} */ wanted) => {
    close();
    onSearch(wanted.trim());
  };

  const options = current?.options ?? [];
  const isOpen = options.length > 0;
  const keyed = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    if (isOpen && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const by = event.key === "ArrowDown" ? 1 : -1;
      setChosen(chosen < 0 && by < 0 ? options.length - 1 : (chosen + by + options.length) % options.length);
    } else if (event.key === "ArrowDown") ask();
    else if (event.key === "Tab" && !event.shiftKey && isOpen) take(options[Math.max(chosen, 0)] ?? { text: "" });
    else if (event.key === "Enter" && isOpen && chosen >= 0) take(options[chosen] ?? { text: "" }, true);
    else if (event.key === "Enter") search(text);
    else if (event.key === "Escape" && isOpen) close();
    else if (event.key === "Escape") input.current?.blur();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const wrong = error?.code === "bad_query" && text.trim() === query ? error : null;
  const clear = () => {
    setText("");
    search("");
    input.current?.focus();
  };
  return html`<form class="querybar" role="search" onSubmit=${(/** @type {Event} */ event) => (event.preventDefault(), search(text))}>
    <div class=${wrong ? "querybox wrong" : "querybox"}>
      <pre class="paint" aria-hidden="true"><span style=${{ transform: `translateX(${-scroll}px)` }}><${Painted} text=${text} error=${wrong} /></span></pre>
      <input ref=${input} class="query" type="text" spellcheck=${false} autocomplete="off" autocapitalize="off" enterkeyhint="search" value=${text}
        placeholder=${narrow ? SHORT : PLACEHOLDER} aria-label="Query" role="combobox" aria-autocomplete="list"
        aria-expanded=${isOpen} aria-controls=${`${id}-list`} aria-activedescendant=${chosen >= 0 ? `${id}-${chosen}` : undefined}
        aria-invalid=${wrong ? "true" : undefined} aria-describedby=${wrong ? `${id}-error` : undefined}
        onInput=${(/** @type {InputEvent} */ event) => (setText(/** @type {HTMLInputElement} */ (event.currentTarget).value), ask())}
        onScroll=${() => setScroll(input.current?.scrollLeft ?? 0)} onSelect=${() => setScroll(input.current?.scrollLeft ?? 0)}
        onFocus=${ask} onBlur=${() => setTimeout(close, 120)} onKeyDown=${keyed} />
      ${text && html`<button type="button" class="clear" aria-label="Clear the query" onClick=${clear}>×</button>`}
    </div>
    <button class="btn primary" type="submit">Search</button>
    <ul class="options" id=${`${id}-list`} role="listbox" aria-label="Suggestions" hidden=${!isOpen}>
      ${options.map(
        (option, at) => html`<li key=${option.text} id=${`${id}-${at}`} role="option" aria-selected=${at === chosen}
          onMouseDown=${(/** @type {MouseEvent} */ event) => (event.preventDefault(), take(option, true))}>
          <code>${option.text}</code><span class="muted">${option.doc ?? ""}</span>${option.count !== undefined && html`<span class="num muted">${count(option.count)}</span>`}
        </li>`,
      )}
    </ul>
    ${wrong && html`<p class="queryerror" id=${`${id}-error`} role="alert"><${Mistake} error=${wrong} /></p>`}
  </form>`;
}

/**
 * What a completion is worth once somebody has typed on: the options that begin with what stands there now, until the
 * server has answered for the new text. Null when the text changed elsewhere.
 * @param {Completion} completion @param {string} text @returns {Completion | null}
 */
function after(completion, text) {
  const { q, from, to, options } = completion;
  if (text === q) return completion;
  const end = to + text.length - q.length;
  if (end < to || !text.startsWith(q.slice(0, to)) || !text.endsWith(q.slice(to))) return null;
  const typed = text.slice(from, end);
  return { q: text, from, to: end, options: options.filter((option) => option.text.startsWith(typed)) };
}

/** @param {{error: ApiError}} props */
function Mistake({ error }) {
  const expected = error.details.expected;
  const message = error.message.replace(/^query, at character \d+: /, ""); // the place is underlined
  const wanted = message.includes("expected") ? "" : Array.isArray(expected) ? expected.join(", ") : expected;
  return html`<strong>${message}</strong>${wanted && html` · expected: ${wanted}`}${error.hint && html` · ${error.hint}`}`;
}

/** @param {{text: string, error: ApiError | null}} props */
function Painted({ text, error }) {
  const from = error ? unitsBefore(text, Number(error.details.position ?? 0)) : -1;
  const to = error ? Math.max(from + 1, unitsBefore(text, Number(error.details.end ?? error.details.position ?? 0))) : -1;
  const pieces = [];
  let at = 0;
  const shown = error && to > text.length ? `${text}${" ".repeat(to - text.length)}` : text;
  for (const token of [...tokens(text), { kind: "rest", from: shown.length, to: shown.length }]) {
    for (const [start, end, kind] of /** @type {[number, number, string][]} */ ([[at, token.from, ""], [token.from, token.to, `q-${token.kind}`]])) {
      const cuts = [start, ...[from, to].filter((cut) => cut > start && cut < end), end];
      for (const [piece, cut] of cuts.slice(0, -1).entries()) {
        const stop = /** @type {number} */ (cuts[piece + 1]);
        if (stop > cut) pieces.push(html`<span class=${`${kind}${cut >= from && cut < to ? " bad" : ""}`}>${shown.slice(cut, stop)}</span>`);
      }
    }
    at = token.to;
  }
  return pieces;
}
