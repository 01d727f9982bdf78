/**
 * How far the index is behind the log, when it is so for longer than the moment that it always takes.
 *
 * `GET /v1/index` is asked, which is no read of entries: it is not recorded, so that looking makes no events.
 */

import { getJson } from "../../api.js";
import { html, useEffect, useState } from "../../html.js";
import { plural } from "../../shell/parts.js";
import { formatDuration } from "../../parts/time.js";

const FIRST_LOOK_MS = 1500;
const NEXT_LOOK_MS = 4000;

/** @typedef {{lag_entries: number, lag_s: number, state: string}} State */

/** @param {{log: string, behind: number, onAgain: () => void}} props */
export function Lag({ log, behind, onAgain }) {
  const [state, setState] = useState(/** @type {State | null} */ (null));
  const [wasBehind, setWasBehind] = useState(false);
  useEffect(() => {
    setState(null);
    setWasBehind(false);
    if (behind <= 0) return undefined;
    let timer = 0;
    const look = async () => {
      const found = await getJson("/v1/index", { quiet: true }).catch(() => null);
      const now = found?.logs.find((/** @type {{name: string}} */ one) => one.name === log) ?? null;
      setState(now);
      if (now?.lag_entries > 0) setWasBehind(true);
      if (!now || now.lag_entries > 0) timer = window.setTimeout(look, NEXT_LOOK_MS);
    };
    timer = window.setTimeout(look, FIRST_LOOK_MS);
    return () => clearTimeout(timer);
  }, [log, behind]);
  if (!state || (!state.lag_entries && !wasBehind)) return null;
  const again = html`<button class="btn small" onClick=${onAgain}>Search again</button>`;
  if (!state.lag_entries) return html`<p class="notice" role="status">Search has caught up with the log. ${again}</p>`;
  const late = state.lag_s >= 1 ? `, ${formatDuration(state.lag_s * 1e9)} late` : "";
  const doing = state.state === "rebuilding" ? " while it is rebuilt" : "";
  return html`<p class="notice warn" role="status">Search is ${plural(state.lag_entries, "event")} behind the log${late}${doing}. Newer events are safe, and appear when it has caught up. ${again}</p>`;
}
