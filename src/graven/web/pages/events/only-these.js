/**
 * The button beside a part of a row that shows only events which share it. One for the whole list: it stands beside the
 * part under the pointer, or the one that the keys went to (right arrow on a row, left and right from part to part).
 */

import { html, signal, useEffect, useLayoutEffect, useRef } from "../../html.js";

/** The part that it stands beside. @type {import("../../vendor/signals-core.js").Signal<{part: HTMLElement, byKeys: boolean} | null>} */
export const SPOT = signal(null);

/** @param {{list: {current: HTMLElement | null}, narrow: (field: string, value: string, exclude: boolean) => void}} props */
export function OnlyThese({ list, narrow }) {
  const button = useRef(/** @type {HTMLButtonElement | null} */ (null));
  const { part: spot, byKeys } = SPOT.value?.part.isConnected ? SPOT.value : { part: null, byKeys: false };
  useEffect(() => () => void (SPOT.value = null), []);
  useLayoutEffect(() => {
    if (spot && byKeys) button.current?.focus({ preventScroll: true });
  }, [spot]);
  const { field, value } = spot?.dataset ?? {};
  if (!spot || !field || !value) return null;
  const left = () => {
    SPOT.value = null;
    list.current?.focus({ preventScroll: true });
  };
  const keyed = (/** @type {KeyboardEvent} */ event) => {
    const parts = /** @type {HTMLElement[]} */ ([...(spot.closest("[data-at]")?.querySelectorAll("[data-field]") ?? [])]);
    const at = parts.indexOf(spot);
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const part = parts[at + by];
    if (by && part) SPOT.value = { part, byKeys: true };
    else if (by > 0) SPOT.value = { part: spot, byKeys: true };
    else if (["ArrowLeft", "ArrowUp", "ArrowDown", "Escape"].includes(event.key)) left();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<button type="button" class="only" ref=${button} style=${placed(spot, list.current)} title=${`Only these: ${field}:${value}\nAlt or Shift: all but these`}
    aria-label=${`Only ${field} ${value}`} onKeyDown=${keyed} onBlur=${() => (SPOT.value = null)} onPointerLeave=${() => (SPOT.value = null)}
    onClick=${(/** @type {MouseEvent} */ event) => (left(), narrow(field, value, event.altKey || event.shiftKey))}>
    <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M2 3h12l-4.6 5.4v4.1l-2.8 1.5V8.4z" /></svg></button>`;
}

/** @param {HTMLElement} spot @param {HTMLElement | null} list */
function placed(spot, list) {
  const frame = list?.parentElement?.getBoundingClientRect();
  const part = spot.getBoundingClientRect();
  const cell = spot.closest("[role=gridcell]")?.getBoundingClientRect();
  const right = Math.min(part.right, (cell?.right ?? part.right) - 24);
  return frame ? { left: `${right - frame.left}px`, top: `${part.top + part.height / 2 - frame.top}px` } : {};
}
