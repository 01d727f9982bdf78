/**
 * The browser UI: static ES modules, no build step. This is the shell; pages live in `pages/<name>/page.js`.
 *
 * How a page is mounted: it stands in `pages.js`, and its module exports `default` (a component that gets `{ route }`)
 * and, if it likes, `title(route)`. It is shown for `/ui/<log>/<name>/<rest…>?<query>`, mounted anew when log, page or
 * rest change, and only rendered again when the query changes. What it works with:
 *
 *     html.js         html`…`, hooks, signals; `await style(import.meta.url, "./page.css")` at the top for a sheet of its own
 *     route.js        link(log, page, rest, query) for hrefs (plain <a href> navigates), navigate(), changeQuery({q: …})
 *     api.js          getJson/getText/getBytes/send, inLog(log, …parts); refusals are ApiError {status, code, message, hint, details}
 *     state.js        session, logInfo, logs, may(permission, log), announce(text) for screen readers
 *     preferences.js  zone, times, theme, shortcuts: signals that localStorage keeps
 *     shell/parts.js  Loading, Empty, Problem, Badge, Copy, Snippet, Hash, useLoad, count, plural, size, download
 *     shell/time.js   Time, absolute(), relative(), duration()
 *     shell/keys.js   useShortcuts(group, [[key, what, run]]): listed by `?`, silent while typing or switched off
 *     pages/start/first_run.js   FirstRun: what an empty log shows
 *     style.css       .page .pagehead .toolbar .card .grid .table .btn .field .badge .kv .empty .problem .mono .num .muted
 *
 * The policy is strict: no inline script or style attribute in markup (a `style` object in a template is fine: it goes
 * through the object model), nothing from elsewhere. Every view is a URL; what is chosen belongs into the query.
 */

import { getJson } from "./api.js";
import { effect, html, render, useEffect, useErrorBoundary, useLayoutEffect, useState } from "./html.js";
import { LOGIN, PAGES } from "./pages.js";
import { watch } from "./proof/guard.js";
import { link, navigate, route, startRouter } from "./route.js";
import { loginByCode, refreshSession } from "./session.js";
import { Banners } from "./shell/banners.js";
import { Bar } from "./shell/bar.js";
import { Help } from "./shell/help.js";
import { startKeys } from "./shell/keys.js";
import { Empty, Loading, Problem } from "./shell/parts.js";
import { announce, announcement, logInfo, logName, logs, sessionState } from "./state.js";

const REFRESH_MS = 15_000;
const LAST_LOG = "graven.log";

/** Behind what is looked at first. @param {() => void} run */
function whenIdle(run) {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(run, { timeout: 1000 });
  else setTimeout(run, 200);
}

async function refreshLogs() {
  if (sessionState.value !== "in" || document.visibilityState !== "visible") return;
  const list = await getJson("/v1/logs").catch(() => null);
  if (list) logs.value = list.logs;
}

/** Where an address without log or page leads. */
function completeAddress() {
  const { log, page } = route.value;
  if (sessionState.value !== "in" || (log && page)) return;
  const last = localStorage.getItem(LAST_LOG);
  const known = logs.value;
  const info =
    known.find((one) => one.name === log) ?? (log ? null : (known.find((one) => one.name === last) ?? known.find((one) => one.name === "default") ?? known[0]));
  if (!info) return;
  navigate(link(info.name, info.size ? "events" : "start"), { replace: true });
}

/** @param {{entry: import("./pages.js").PageEntry}} props */
function PageView({ entry }) {
  const [loaded, setLoaded] = useState(/** @type {{name: string, module: import("./pages.js").PageModule} | null} */ (null));
  const [failed, setFailed] = useState(/** @type {unknown} */ (null));
  const [broken, reset] = useErrorBoundary((error) => console.error(error));
  useLayoutEffect(() => {
    let isShown = true; // what loads late may not win over the page that was gone on to
    setFailed(null);
    entry.load().then(
      (module) => isShown && setLoaded({ name: entry.name, module }),
      (error) => isShown && setFailed(error),
    );
    return () => {
      isShown = false;
    };
  }, [entry]);
  const ready = loaded?.name === entry.name ? loaded.module : null;
  useEffect(() => {
    if (ready || failed) document.querySelector(".boot")?.remove(); // from now on each page says itself what it waits for
  }, [ready, failed]);
  const here = route.value;
  const title = ready?.title?.(here) ?? entry.nav ?? entry.name;
  useEffect(() => {
    document.title = `${title} · ${here.log ? `${here.log} · ` : ""}Graven`;
  }, [title, here.log]);
  if (broken) return html`<${Problem} error=${broken} what="This page has a mistake in it" retry=${reset} />`;
  if (failed)
    return html`<${Problem} what="This page cannot be loaded" error=${new Error("the server may have been upgraded since this window was opened")}
      retry=${() => location.reload()} />`;
  if (!ready) return html`<${Loading} />`;
  return html`<${ready.default} key=${[here.log, here.page, ...here.rest].join("/")} route=${here} />`;
}

function Content() {
  if (sessionState.value === "unknown") return html`<${Loading} what="Asking the server" />`;
  if (sessionState.value === "out") return html`<${PageView} entry=${LOGIN} />`;
  const { page, log } = route.value;
  if (!logInfo.value && log) {
    const others = logs.value.filter((info) => info.name !== "system");
    return html`<${Empty} title=${`There is no log “${log}” here`}>
      <p class="muted">Or the token of this session is not for it.</p>
      <p>${others.map((info) => html`<a class="btn" href=${link(info.name, "events")}>${info.name}</a> `)}</p>
    <//>`;
  }
  const entry = PAGES.find((one) => one.name === page);
  if (!entry) return page ? html`<${Empty} title="There is no such page"><p><a class="btn" href=${link(log, "events")}>All events</a></p><//>` : null;
  return html`<${PageView} entry=${entry} />`;
}

function App() {
  const here = route.value;
  const place = [here.log, here.page, ...here.rest].join("/");
  const [first, setFirst] = useState(place);
  useEffect(() => {
    if (place === first) return;
    setFirst(""); // from now on the place moves the focus, as a page load would
    document.getElementById("main")?.focus({ preventScroll: true });
    announce(document.title);
  }, [place]);
  return html`
    <div class="top"><${Banners} />${sessionState.value === "in" && html`<${Bar} />`}</div>
    <main id="main" tabindex="-1"><${Content} /></main>
    <${Help} />
  `;
}

async function start() {
  startRouter();
  startKeys();
  effect(() => {
    const live = document.getElementById("live");
    if (live) live.textContent = announcement.value;
  });
  await loginByCode();
  PAGES.find(({ name }) => name === (route.value.page || "events"))?.load().catch(() => null); // while the session is asked for
  render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
  await refreshSession();
  effect(completeAddress);
  effect(() => {
    if (sessionState.value !== "in" || !logInfo.value || !route.value.page) return;
    localStorage.setItem(LAST_LOG, logName.value);
    const info = logInfo.value;
    whenIdle(() => watch(info));
  });
  setInterval(refreshLogs, REFRESH_MS);
  addEventListener("focus", refreshLogs);
  addEventListener("graven:back", sessionState.value === "unknown" ? refreshSession : refreshLogs);
}

void start();
