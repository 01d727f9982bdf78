/**
 * The router: every view is a URL of the history, `/ui/<log>/<page>/<rest…>?<query>`.
 *
 * `route` is a signal. Links are ordinary `<a href>`: clicks on those below /ui/ are taken over here, so that opening
 * in a new tab, copying an address and going back work as everywhere.
 */

import { signal } from "./html.js";

/**
 * @typedef {object} Route
 * @property {string} log
 * @property {string} page
 * @property {string[]} rest  what follows the page, decoded
 * @property {URLSearchParams} query
 * @property {string} href  path and query
 */

const PREFIX = "/ui/";

/**
 * @param {{pathname: string, search: string}} place
 * @returns {Route}
 */
export function parseRoute({ pathname, search }) {
  const path = pathname.startsWith(PREFIX) ? pathname.slice(PREFIX.length) : "";
  const [log = "", page = "", ...rest] = path.split("/").map(decoded);
  return { log, page, rest, query: new URLSearchParams(search), href: pathname + search };
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The view that is shown. */
export const route = signal(parseRoute(location));

/**
 * The address of a view; empty values of the query are left out.
 * @param {string} log
 * @param {string} page
 * @param {string | number | Array<string | number>} [rest]
 * @param {Record<string, string | number | null | undefined> | URLSearchParams} [query]
 */
export function link(log, page, rest = [], query = {}) {
  const parts = [log, page, ...(Array.isArray(rest) ? rest : [rest])];
  const path = PREFIX + parts.map((part) => encodeURIComponent(part)).join("/");
  const pairs = query instanceof URLSearchParams ? [...query] : Object.entries(query);
  const kept = new URLSearchParams();
  for (const [name, value] of pairs) if (value !== null && value !== undefined && value !== "") kept.append(name, String(value));
  const text = kept.toString();
  return text ? `${path}?${text}` : path;
}

/**
 * Shows another view. `replace` leaves no step to go back to.
 * @param {string} href
 * @param {{replace?: boolean, keepScroll?: boolean}} [options]
 */
export function navigate(href, { replace = false, keepScroll = false } = {}) {
  if (replace) history.replaceState(null, "", href);
  else history.pushState(null, "", href);
  route.value = parseRoute(location);
  if (!keepScroll && !replace) scrollTo(0, 0);
}

/**
 * Changes the query of the present view; null removes a name.
 * @param {Record<string, string | number | null>} changes
 * @param {{replace?: boolean}} [options]
 */
export function changeQuery(changes, { replace = true } = {}) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, String(value));
  }
  const text = query.toString();
  navigate(location.pathname + (text ? `?${text}` : ""), { replace, keepScroll: true });
}

/** Takes over links and the buttons back and forward; once, at the start. */
export function startRouter() {
  addEventListener("popstate", () => {
    route.value = parseRoute(location);
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const anchor = event.target instanceof Element ? event.target.closest("a") : null;
    if (!anchor || anchor.target || anchor.hasAttribute("download")) return;
    const url = new URL(anchor.href, location.href);
    if (url.origin !== location.origin || !url.pathname.startsWith(PREFIX)) return;
    event.preventDefault();
    navigate(url.pathname + url.search);
  });
}
