/** First steps of a log: `/ui/<log>/start`. */

import { html } from "../../html.js";
import { FirstRun } from "./first_run.js";

export const title = () => "First steps";

/** The page. */
export default function Start() {
  return html`<${FirstRun} />`;
}
