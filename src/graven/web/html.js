/**
 * What every component imports: templates, hooks and signals, from one place.
 *
 *     import { html, useState, signal } from "../../html.js";
 *     const Hello = ({ name }) => html`<p class="muted">Hello ${name}</p>`;
 */

import { h } from "./vendor/preact.js";
import htm from "./vendor/htm.js";

export { Component, Fragment, h, render } from "./vendor/preact.js";
export {
  useCallback,
  useEffect,
  useErrorBoundary,
  useId,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
} from "./vendor/preact-hooks.js";
export { batch, computed, effect, signal, untracked, useComputed, useSignal, useSignalEffect } from "./vendor/signals.js";

/** @typedef {import("./vendor/preact.js").ComponentChildren} Children */
/** @typedef {import("./vendor/preact.js").VNode<any>} View */

/** A template; several roots give an array of nodes. */
export const html = /** @type {(strings: TemplateStringsArray, ...values: any[]) => any} */ (htm.bind(h));

/** @type {Map<string, Promise<void>>} */
const styles = new Map();

/**
 * Adds a style sheet once, and waits for it: `await style(import.meta.url, "./page.css")` at the top of a page's module.
 * @param {string} base
 * @param {string} path
 */
export function style(base, path) {
  const url = new URL(path, base).href;
  let known = styles.get(url);
  if (!known) {
    known = new Promise((resolve, reject) => {
      const link = document.createElement("link");
      link.rel = "stylesheet";
      link.href = url;
      link.onload = () => resolve();
      link.onerror = () => reject(new Error(`${path} cannot be loaded`));
      document.head.append(link);
    });
    styles.set(url, known);
  }
  return known;
}
