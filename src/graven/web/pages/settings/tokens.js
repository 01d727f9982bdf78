/** Tokens: list, make, revoke. A token's text is shown once, when it is made. */

import { getJson, send } from "../../api.js";
import { html, useState } from "../../html.js";
import { Badge, Copy, Loading, Problem, plural, useLoad } from "../../shell/parts.js";
import { Time } from "../../shell/time.js";
import { announce, logs, session } from "../../state.js";

/** @type {Array<[string, string]>} */
const ROLES = [
  ["recorder", "appends, and reads nothing"],
  ["reader", "reads entries and proofs"],
  ["auditor", "reads, exports whole logs, reads system"],
  ["operator", "manages tokens and logs, sees no payload"],
];

/** @param {{token: any, revoke: (id: string) => Promise<void>}} props */
function Row({ token, revoke }) {
  const [asked, setAsked] = useState(false);
  const own = session.value?.who.id === token.id;
  return html`<tr class=${token.revoked ? "revoked" : ""}>
    <td class="break"><strong>${token.name}</strong>${own && html` <${Badge} tone="info">this session<//>`}<br /><code class="muted">${token.id}</code></td>
    <td>${token.roles.join(", ")}</td>
    <td class="break">${token.logs ? token.logs.join(", ") : "all logs"}</td>
    <td class="nowrap"><${Time} at=${token.created} ms=${false} /></td>
    <td class="right nowrap">${token.revoked
      ? html`<span class="muted">revoked <${Time} at=${token.revoked} ms=${false} /></span>`
      : asked
        ? html`<button class="btn small danger" onClick=${() => revoke(token.id)}>${own ? "End this session's token" : "Revoke for ever"}</button> <button class="btn small" onClick=${() => setAsked(false)}>Keep</button>`
        : html`<button class="btn small" aria-label=${`Revoke the token ${token.name}`} onClick=${() => setAsked(true)}>Revoke</button>`}</td>
  </tr>`;
}

/** @param {{onMade: () => void}} props */
function Maker({ onMade }) {
  const [made, setMade] = useState(/** @type {any} */ (null));
  const [error, setError] = useState(/** @type {unknown} */ (null));
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const data = new FormData(form);
    const chosen = data.getAll("log").map(String);
    setError(null);
    try {
      setMade(await send("POST", "/v1/tokens", { name: data.get("name"), roles: data.getAll("role"), logs: chosen.length ? chosen : null }));
      announce("The token was made");
      form.reset();
      onMade();
    } catch (failure) {
      setError(failure);
    }
  };
  return html`<form class="stack maker" onSubmit=${submit}>
    <h3>Make a token</h3>
    <label class="field"><span>Name</span><input name="name" required maxlength="100" placeholder="shop-api" autocomplete="off" /></label>
    <fieldset><legend>Roles</legend>${ROLES.map(([role, what]) => html`<label class="check"><input type="checkbox" name="role" value=${role} defaultChecked=${role === "recorder"} /><span>${role} <span class="muted">${what}</span></span></label>`)}</fieldset>
    <fieldset><legend>For these logs only <span class="muted">(none: all)</span></legend><div class="toolbar">${logs.value.map((info) => html`<label class="check"><input type="checkbox" name="log" value=${info.name} />${info.name}</label>`)}</div></fieldset>
    <p><button class="btn primary">Make</button></p>
    ${error ? html`<${Problem} error=${error} what="No token was made" />` : null}
    ${made && html`<div class="made" role="status"><p>The token of <strong>${made.name}</strong>, shown only now:</p>
      <p class="toolbar"><code class="break">${made.token}</code><${Copy} text=${made.token} /><button type="button" class="btn small quiet" onClick=${() => setMade(null)}>Done</button></p></div>`}
  </form>`;
}

/** The section. */
export function Tokens() {
  const { data, error, loading, reload } = useLoad((signal) => getJson("/v1/tokens", { signal }), []);
  const [showAll, setShowAll] = useState(false);
  const [failed, setFailed] = useState(/** @type {unknown} */ (null));
  /** @param {string} id */
  const revoke = async (id) => {
    setFailed(null);
    await send("DELETE", `/v1/tokens/${id}`).catch(setFailed);
    reload();
  };
  const all = [...(data?.tokens ?? [])].reverse();
  const valid = all.filter((token) => !token.revoked);
  const shown = showAll ? all : valid;
  return html`<section class="card">
    <header><h2>Tokens</h2>${all.length > valid.length && html`<button class="btn small" aria-pressed=${showAll} onClick=${() => setShowAll(!showAll)}>${showAll ? "only valid ones" : `${plural(all.length - valid.length, "revoked one")}, too`}</button>`}</header>
    ${error ? html`<${Problem} error=${error} retry=${reload} />` : null}
    ${failed ? html`<${Problem} error=${failed} what="The token was not revoked" />` : null}
    ${!data && loading && html`<${Loading} />`}
    ${data && html`<div class="scroll"><table class="table stacked">
      <thead><tr><th scope="col">token</th><th scope="col">roles</th><th scope="col">logs</th><th scope="col">made</th><th scope="col"><span class="offscreen">revoke</span></th></tr></thead>
      <tbody>${shown.map((token) => html`<${Row} key=${token.id} token=${token} revoke=${revoke} />`)}</tbody>
    </table></div>
    <${Maker} onMade=${reload} />`}
  </section>`;
}
