/** The words of an event's sentence, to be read only: statements are monospaced, as in lists. */

import { html } from "../html.js";

/** @import {Span} from "./spans.js" */

/** @param {{spans: Span[]}} props */
export const Telling = ({ spans }) =>
  spans.map(({ kind, text, tone = "" }) => {
    if (kind === "text") return text;
    const name = `s-${kind} ${tone}`;
    return kind === "code" ? html`<code class=${name}>${text}</code>` : html`<span class=${name}>${text}</span>`;
  });
