/** Small parts that every page uses: states, copying, numbers, badges. */

import { ApiError } from "../api.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { copyText } from "../parts/copy.js";
import { announce } from "../state.js";

/** `1,204`. @param {number} n */
export const count = (n) => n.toLocaleString("en");

/** `1 test`, `2 tests`. @param {number} n @param {string} one @param {string} [many] */
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = "B";
  for (const next of units) {
    if (value < 1000) break;
    value /= 1000;
    unit = next;
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`;
}

/** @param {{tone?: "ok" | "fail" | "warn" | "info" | "quiet", children?: any, title?: string}} props */
export const Badge = ({ tone = "quiet", children, title }) => html`<span class="badge ${tone}" title=${title}>${children}</span>`;

/** Shown after a moment, so that fast answers do not flicker. @param {{what?: string}} props */
export function Loading({ what = "Loading" }) {
  return html`<p class="loading" role="status"><span class="spinner" aria-hidden="true"></span>${what}…</p>`;
}

/** What to say where nothing is. @param {{title: string, children?: any}} props */
export function Empty({ title, children }) {
  return html`<section class="empty"><h2>${title}</h2>${children}</section>`;
}

/** A refusal: what, why, what to try, and a way to try again. @param {{error: unknown, retry?: () => void, what?: string}} props */
export function Problem({ error, retry, what }) {
  const known = error instanceof ApiError ? error : null;
  const message = error instanceof Error ? error.message : String(error);
  const needs = /** @type {string[]} */ (known?.details.needs ?? []);
  const title =
    known?.status === 403
      ? `No permission${needs.length ? `: this needs the role ${needs.join(" or ")}` : ""}`
      : known?.status === 404
        ? "Not found"
        : known?.code === "index_away"
          ? "Search is away"
          : known?.code === "index_off"
            ? "Search is switched off"
            : known?.status === 0
              ? "The server does not answer"
              : (what ?? "That did not work");
  return html`<section class="problem" role="alert">
    <h2>${title}</h2>
    <p>${sentence(message)}</p>
    ${known?.hint && html`<p class="muted">Try: ${known.hint}</p>`}
    ${retry && html`<p><button class="btn" onClick=${retry}>Try again</button></p>`}
  </section>`;
}

/** @param {string} text */
const sentence = (text) => (text ? text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".") : "");

/** @param {{text: string | (() => string | Promise<string>), label?: string, class?: string}} props */
export function Copy({ text, label = "Copy", class: name = "btn small" }) {
  const [done, setDone] = useState(false);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const run = async () => {
    await copyText(typeof text === "function" ? await text() : text);
    setDone(true);
    announce("Copied");
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setDone(false), 1500);
  };
  return html`<button type="button" class=${name} onClick=${run}>${done ? "Copied" : label}</button>`;
}

/** A line whose words stay whole where it is wrapped: an option is no `--` and a word. @param {string} line */
const wrapped = (line) => html`<span class="line">${line.split(/( +)/).map((word) => (word.trim() ? html`<span class="word">${word}</span>` : word))}${"\n"}</span>`;

/** Lines to copy into a terminal or a file. @param {{text: string, label?: string}} props */
export function Snippet({ text, label }) {
  return html`<figure class="snippet">
    ${label && html`<figcaption>${label}</figcaption>`}
    <pre tabindex="0" aria-label=${label ?? "snippet"}><code>${text.split("\n").map(wrapped)}</code></pre>
    <${Copy} text=${text} class="btn small" />
  </figure>`;
}

/** A long value, with its middle left out where there is no room. @param {{value: string, keep?: number}} props */
export function Hash({ value, keep = 0 }) {
  const shown = keep && value.length > 2 * keep + 1 ? `${value.slice(0, keep)}…${value.slice(-keep)}` : value;
  return html`<code class="hash" title=${value}>${shown}</code>`;
}

/** Gives a file to the browser to keep. @param {string} name @param {string | Uint8Array<ArrayBuffer>} content @param {string} [type] */
export function download(name, content, type = "text/plain") {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/**
 * Loads with `fetcher(signal)` and again when `keys` change: `{data, error, loading, reload}`.
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} fetcher
 * @param {unknown[]} keys
 */
export function useLoad(fetcher, keys) {
  const [state, setState] = useState(/** @type {{data: T | null, error: unknown, loading: boolean}} */ ({ data: null, error: null, loading: true }));
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    setState((before) => ({ ...before, error: null, loading: true }));
    fetcher(controller.signal).then(
      (data) => controller.signal.aborted || setState({ data, error: null, loading: false }),
      (error) => controller.signal.aborted || setState({ data: null, error, loading: false }),
    );
    return () => controller.abort();
  }, [...keys, turn]);
  return { ...state, reload: () => setTurn((n) => n + 1) };
}
