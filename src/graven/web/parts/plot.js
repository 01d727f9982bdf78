/** uPlot and its sheet, loaded when something is first drawn: rows do not wait for charts. */

import { style } from "../html.js";

/** @returns {Promise<typeof import("../vendor/uplot.js").default>} */
export async function plotting() {
  const [module] = await Promise.all([import("../vendor/uplot.js"), style(import.meta.url, "../vendor/uplot.css")]);
  return module.default;
}
