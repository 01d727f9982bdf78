/** The bar over every page: log, pages, how times are shown, theme, help, who is logged in. */

import { ApiError, send } from "../api.js";
import { html, signal } from "../html.js";
import { PAGES } from "../pages.js";
import { theme, times, zone } from "../preferences.js";
import { link, navigate, route } from "../route.js";
import { loginReason, logName, logs, session, sessionState } from "../state.js";
import { helpOpen } from "./help.js";
import { GuardMark } from "./guard_mark.js";

/** @param {Event} event */
function switchLog(event) {
  const name = /** @type {HTMLSelectElement} */ (event.currentTarget).value;
  const kept = PAGES.find((page) => page.name === route.value.page && page.nav);
  navigate(link(name, kept ? kept.name : "events"));
}

function LogSwitch() {
  const known = logs.value.some((info) => info.name === logName.value);
  return html`<span class="logswitch">
    <select aria-label="Log" value=${logName.value} onChange=${switchLog}>
      ${!known && html`<option value=${logName.value}>${logName.value || "–"}</option>`}
      ${logs.value.map((info) => html`<option key=${info.name} value=${info.name}>${info.name}</option>`)}
    </select>
  </span>`;
}

function Pages() {
  const shown = PAGES.find((page) => page.name === route.value.page);
  const present = shown?.part ?? shown?.name;
  return html`<nav class="pages" aria-label="Pages">
    ${PAGES.filter((page) => page.nav).map(
      (page) =>
        html`<a href=${link(logName.value, page.name)} aria-current=${page.name === present ? "page" : undefined}>${page.nav}</a>`,
    )}
  </nav>`;
}

const THEMES = /** @type {const} */ ({ auto: "light", light: "dark", dark: "auto" });
const THEME_WORDS = { auto: "as the system", light: "light", dark: "dark" };
const THEME_SIGNS = { auto: "◐", light: "☀", dark: "☾" };

const logoutError = signal("");

async function logout() {
  try {
    await send("POST", "/v1/logout", undefined, { quiet: true });
  } catch (error) {
    // nobody is told that they are out while the cookie still opens the door
    if (!(error instanceof ApiError && error.status === 401)) {
      logoutError.value = error instanceof ApiError ? `You are still logged in: ${error.message}.` : "You are still logged in.";
      return;
    }
  }
  logoutError.value = "";
  session.value = null;
  loginReason.value = "";
  sessionState.value = "out";
}

/** @param {FocusEvent} event */
function closeWhenLeft(event) {
  const menu = /** @type {HTMLDetailsElement} */ (event.currentTarget);
  if (!(event.relatedTarget instanceof Node && menu.contains(event.relatedTarget))) menu.open = false;
}

/** @param {KeyboardEvent} event */
function closeByEscape(event) {
  const menu = /** @type {HTMLDetailsElement} */ (event.currentTarget);
  if (event.key !== "Escape" || !menu.open) return;
  menu.open = false;
  menu.querySelector("summary")?.focus();
}

/** The bar. */
export function Bar() {
  const utc = zone.value === "utc";
  const relative = times.value === "relative";
  const who = session.value?.who;
  return html`<header class="bar">
    <a class="brand" href=${link(logName.value || "default", "events")} aria-label="Graven, all events">
      <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M3 5h14M3 10h10M3 15h14" /><circle cx="16" cy="10" r="1.6" /></svg>
      <span>Graven</span>
    </a>
    <${LogSwitch} />
    <${Pages} />
    <div class="tools">
      <${GuardMark} />
      <button class="btn quiet small wide" title="Time zone of all times"
        onClick=${() => (zone.value = utc ? "local" : "utc")}><span class="offscreen">Time zone: </span>${utc ? "UTC" : "Local"}</button>
      <button class="btn quiet small wide" title="How times are shown"
        onClick=${() => (times.value = relative ? "absolute" : "relative")}><span class="offscreen">Times: </span>${relative ? "Relative" : "Absolute"}</button>
      <button class="btn quiet small sign" title=${`Theme: ${THEME_WORDS[theme.value]}`} aria-label=${`Theme: ${THEME_WORDS[theme.value]}`}
        onClick=${() => (theme.value = THEMES[theme.value])}>${THEME_SIGNS[theme.value]}</button>
      <button class="btn quiet small sign" title="Help: searching and keys" aria-label="Help" onClick=${() => (helpOpen.value = true)}>?</button>
      ${who && html`<details class="who" onFocusOut=${closeWhenLeft} onKeyDown=${closeByEscape}>
        <summary class="btn quiet small" aria-label=${`Logged in as ${who.name}`}>${who.name}</summary>
        <div class="menu" tabindex="-1">
          <p><strong>${who.name}</strong><br /><span class="muted">token ${who.id}</span></p>
          <p class="muted">${session.value?.roles.join(", ")}</p>
          ${session.value?.expires && html`<button class="btn small" onClick=${logout}>Log out</button>`}
          ${logoutError.value && html`<p role="alert">${logoutError.value} Try again in a moment.</p>`}
        </div>
      </details>`}
    </div>
  </header>`;
}
