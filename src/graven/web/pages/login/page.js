/** The login: shown in place of any page while nobody is logged in, so that the page is there afterwards. */

import { ApiError, send } from "../../api.js";
import { html, style, useState } from "../../html.js";
import { refreshSession } from "../../session.js";
import { loginReason } from "../../state.js";

await style(import.meta.url, "./page.css");

export const title = () => "Log in";

/** The form. */
export default function Login() {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const token = String(new FormData(form).get("token") ?? "").trim();
    if (!token) {
      setFailed("Paste a token first.");
      return;
    }
    setBusy(true);
    setFailed("");
    try {
      await send("POST", "/v1/login", { token }, { quiet: true });
      form.reset();
      await refreshSession();
    } catch (error) {
      setFailed(error instanceof ApiError ? `${error.message}. ${error.hint}` : String(error));
    } finally {
      setBusy(false);
    }
  };
  return html`<div class="login">
    <div class="card">
      <header><h1>Graven</h1><span class="muted">an audit log that cannot be rewritten</span></header>
      ${loginReason.value && html`<p class="reason" role="status">${loginReason.value}</p>`}
      <form onSubmit=${submit} class="stack">
        <label class="field"><span>Token</span>
          <input name="token" type="password" autocomplete="off" spellcheck=${false} placeholder="grv_…" autofocus
            aria-invalid=${failed ? "true" : undefined} aria-describedby="login-help login-failed" /></label>
        <p id="login-failed" class="failed" role="alert">${failed}</p>
        <button class="btn primary" disabled=${busy}>${busy ? "Logging in…" : "Log in"}</button>
      </form>
      <div id="login-help" class="help-text muted">
        <p>The first token is in the data directory of the server, readable only by its owner:</p>
        <pre tabindex="0" aria-label="how to show the first token"><code>cat graven-data/owner.token</code></pre>
        <p>Or restart <code>graven serve</code>, and open the address that it prints: that logs in once, without a token.
          Others get a token of their own with <code>graven token create NAME --role reader</code>.</p>
        <p>The token is exchanged for a cookie that no script can read, and that ends after twelve hours.</p>
      </div>
    </div>
  </div>`;
}
