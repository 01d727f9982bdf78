/** A button and what it opens below it; closes with Escape, by a click elsewhere, and when the focus leaves it. */

import { html, style, useEffect, useRef, useState } from "../html.js";

await style(import.meta.url, "./popover.css");

/**
 * @param {{label: any, title?: string, class?: string, children: (close: () => void) => any, align?: "left" | "right"}} props
 */
export function Popover({ label, title, class: name = "btn small", children, align = "left" }) {
  const [isOpen, setOpen] = useState(false);
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const button = useRef(/** @type {HTMLButtonElement | null} */ (null));
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  useEffect(() => {
    if (!isOpen) return undefined;
    const elsewhere = (/** @type {Event} */ event) => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", elsewhere, true);
    document.addEventListener("focusin", elsewhere, true);
    /** @type {HTMLElement | null | undefined} */ (box.current?.querySelector(".panel button, .panel input, .panel select"))?.focus();
    return () => {
      document.removeEventListener("pointerdown", elsewhere, true);
      document.removeEventListener("focusin", elsewhere, true);
    };
  }, [isOpen]);
  const keyed = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || !isOpen) return;
    event.preventDefault();
    event.stopPropagation();
    close();
  };
  return html`<div class="popover" ref=${box} onKeyDown=${keyed}>
    <button type="button" ref=${button} class=${name} title=${title} aria-expanded=${isOpen} aria-haspopup="dialog" onClick=${() => setOpen(!isOpen)}>${label}</button>
    ${isOpen && html`<div class=${`panel ${align}`} tabindex="-1" role="dialog" aria-label=${title}>${children(close)}</div>`}
  </div>`;
}
