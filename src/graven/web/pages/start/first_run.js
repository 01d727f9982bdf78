/** What an empty log shows: lines to copy for each way in, and whether something has arrived. */

import { getJson, send } from "../../api.js";
import { html, useEffect, useState } from "../../html.js";
import { link } from "../../route.js";
import { Problem, Snippet } from "../../shell/parts.js";
import { announce, logInfo, logs, may } from "../../state.js";
import { SOURCES } from "./snippets.js";

const ASK_MS = 1000;

/** Asks for the logs until something is there. */
function useArrival() {
  const size = logInfo.value?.size ?? 0;
  useEffect(() => {
    if (size > 0) {
      announce("The first event has arrived");
      return undefined;
    }
    const timer = setInterval(async () => {
      if (document.visibilityState !== "visible") return;
      const list = await getJson("/v1/logs").catch(() => null);
      if (list) logs.value = list.logs;
    }, ASK_MS);
    return () => clearInterval(timer);
  }, [size > 0]);
  return size;
}

/** @param {{log: string, onMade: (token: string) => void}} props */
function TokenMaker({ log, onMade }) {
  const [made, setMade] = useState("");
  const [error, setError] = useState(/** @type {unknown} */ (null));
  const make = async () => {
    setError(null);
    try {
      const { token } = await send("POST", "/v1/tokens", { name: "first steps", roles: ["recorder"], logs: [log] });
      setMade(token);
      onMade(token);
    } catch (failure) {
      setError(failure);
    }
  };
  if (error) return html`<${Problem} error=${error} retry=${make} />`;
  if (made)
    return html`<p role="status">It stands in the lines below now, and nowhere else: it can record into <strong>${log}</strong> and nothing more.
      <em> Settings</em> revokes it.</p>`;
  return html`<p><button class="btn" onClick=${make}>Make a token that can only record here</button></p>`;
}

/** The whole of it; `log` is the present one by default. */
export function FirstRun() {
  const info = logInfo.value;
  const size = useArrival();
  const [source, setSource] = useState("pytest");
  const [token, setToken] = useState("");
  if (!info) return null;
  const chosen = SOURCES.find((one) => one.name === source) ?? SOURCES[0];
  const place = { server: location.origin, log: info.name, token };
  return html`<div class="page">
    <div class="pagehead"><div>
      <h1>${size ? "First steps" : "This log is empty"}</h1>
      <p>Nothing in it can be changed or taken away later, so begin with whatever you like.</p>
    </div></div>
    <section class="card" aria-live="polite">
      ${
        size
          ? html`<p><span class="badge ok">arrived</span> <strong class="num">${size}</strong> ${size === 1 ? "event is" : "events are"} in the log.</p>
              <p class="toolbar"><a class="btn primary" href=${link(info.name, "events")}>Look at them</a>
                <a class="btn" href=${link(info.name, "proof", 0)}>Verify the first one</a></p>`
          : html`<p class="toolbar"><span class="spinner" aria-hidden="true"></span> Waiting for the first event in <strong>${info.name}</strong>…</p>`
      }
    </section>
    ${info.name !== "system" && may("operate") && html`<section class="card"><h2>A token for it</h2><${TokenMaker} log=${info.name} onMade=${setToken} /></section>`}
    <section class="stack">
      <div class="tabs" role="tablist" aria-label="What records">
        ${SOURCES.map(
          (one) => html`<button role="tab" id=${`tab-${one.name}`} aria-selected=${one.name === source} aria-controls="tab-panel"
            tabindex=${one.name === source ? 0 : -1} onClick=${() => setSource(one.name)} onKeyDown=${(/** @type {KeyboardEvent} */ event) => step(event, source, setSource)}>${one.title}</button>`,
        )}
      </div>
      <div id="tab-panel" role="tabpanel" aria-labelledby=${`tab-${source}`} class="stack">
        <p class="muted prose">${chosen.about}</p>
        ${chosen.snippets(place).map(({ label, text }) => html`<${Snippet} key=${label} label=${label} text=${text} />`)}
      </div>
    </section>
  </div>`;
}

/** Arrow keys between tabs. @param {KeyboardEvent} event @param {string} source @param {(name: string) => void} choose */
function step(event, source, choose) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  const at = SOURCES.findIndex((one) => one.name === source);
  const next = SOURCES[(at + by + SOURCES.length) % SOURCES.length].name;
  choose(next);
  document.getElementById(`tab-${next}`)?.focus();
}
