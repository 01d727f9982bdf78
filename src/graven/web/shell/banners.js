/** What stands over every page when something is wrong: the alarm of the guard, a server that is gone, an index that is away. */

import { getJson } from "../api.js";
import { html, useEffect, useState } from "../html.js";
import { indexAway, serverGone } from "../state.js";
import { Alarm } from "./alarm.js";

const RETRY_S = 5;

function Gone() {
  const [left, setLeft] = useState(RETRY_S);
  const ask = () => {
    setLeft(RETRY_S);
    getJson("/healthz").then(() => dispatchEvent(new Event("graven:back")), () => null);
  };
  useEffect(() => {
    const timer = setInterval(() => setLeft((n) => n - 1), 1000);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => {
    if (left <= 0) ask();
  }, [left]);
  return html`<div class="banner warn" role="alert">
    <p><strong>The server does not answer.</strong> What you see may be old; asking again in <span class="num">${Math.max(left, 0)} s</span>.</p>
    <button class="btn small" onClick=${ask}>Ask now</button>
  </div>`;
}

function Away() {
  return html`<div class="banner warn" role="status">
    <p><strong>Search is away.</strong> The index is starting, being rebuilt, or stopped. Nothing is lost: recording goes on, and reads by index and proofs still work.</p>
    <button class="btn small" onClick=${() => (indexAway.value = false)}>Hide</button>
  </div>`;
}

/** All of them. */
export function Banners() {
  return html`<${Alarm} />${serverGone.value && html`<${Gone} />`}${indexAway.value && html`<${Away} />`}`;
}
