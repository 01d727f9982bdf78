/** Who is logged in: asked for, and begun by the one-time code. */

import { ApiError, getJson, send } from "./api.js";
import { batch } from "./html.js";
import { loginReason, logs, session, sessionState } from "./state.js";

/** Asks who is logged in, and for the logs; the state of all pages follows. */
export async function refreshSession() {
  try {
    const found = await getJson("/v1/session", { quiet: true });
    if (!found.who) {
      sessionState.value = "out";
      return;
    }
    const list = await getJson("/v1/logs", { quiet: true });
    batch(() => {
      session.value = found;
      logs.value = list.logs;
      loginReason.value = "";
      sessionState.value = "in";
    });
  } catch (error) {
    if (error instanceof ApiError && error.status === 0) {
      await getJson("/healthz").catch(() => null); // raises the banner
      return;
    }
    sessionState.value = "out";
  }
}

/** The one-time code of the address that `graven serve` prints; it stands in the fragment, which no server sees. */
export async function loginByCode() {
  const code = new URLSearchParams(location.hash.slice(1)).get("login");
  if (code === null) return;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    await send("POST", "/v1/login", { code }, { quiet: true });
  } catch (error) {
    loginReason.value = error instanceof ApiError ? `${error.message}. ${error.hint}` : String(error);
  }
}
