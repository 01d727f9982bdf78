/** A line over time, drawn by uPlot (loaded when one is shown), with a table of the same numbers for those who cannot see it. */

import { html, useEffect, useRef } from "../html.js";
import { fitting } from "../parts/axis-labels.js";
import { plotting } from "../parts/plot.js";
import { theme } from "../preferences.js";
import { count } from "./parts.js";
import { absolute } from "./time.js";

const LEFT = 62;
const RIGHT = 22;
const MONTH_S = 27 * 86_400;

/** @param {{times: number[], values: number[], label: string}} props  Unix seconds, ascending */
export function LineChart({ times, values, label }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const chosen = theme.value;
  useEffect(() => {
    /** @type {{destroy(): void, setSize(size: {width: number, height: number}): void} | null} */
    let plot = null;
    let ended = false;
    const element = /** @type {HTMLDivElement} */ (place.current);
    const observer = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: 180 }));
    void (async () => {
      const UPlot = await plotting();
      if (ended) return;
      const colour = (/** @type {string} */ name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
      const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 }, font: "12px system-ui" };
      const labels = (/** @type {{scales: Record<string, {min?: number, max?: number}>}} */ drawn, /** @type {number[]} */ at) => {
        const { min = 0, max = 1 } = drawn.scales.x ?? {};
        const inner = element.clientWidth - LEFT - RIGHT;
        return fitting(stamps(at), at.map((second) => LEFT + ((second - min) / (max - min || 1)) * inner), element.clientWidth, 7);
      };
      plot = new UPlot(
        {
          width: element.clientWidth,
          height: 180,
          padding: [8, RIGHT, 0, 0],
          legend: { show: false },
          cursor: { drag: { x: false, y: false } },
          scales: { x: { time: true }, y: { range: (/** @type {unknown} */ _, /** @type {number} */ __, /** @type {number} */ most) => [0, Math.max(most, 1) * 1.06] } },
          axes: [{ ...axis, space: 90, values: labels }, { ...axis, size: LEFT, values: (/** @type {unknown} */ _, /** @type {number[]} */ at) => at.map((n) => (n ? count(n) : "")) }],
          series: [{}, { stroke: colour("--accent"), width: 2, fill: colour("--accent-soft"), points: { show: false } }],
        },
        [times, values],
        element,
      );
      observer.observe(element);
    })();
    return () => {
      ended = true;
      observer.disconnect();
      plot?.destroy();
    };
  }, [times, values, chosen]);
  const last = times.length - 1;
  const summary = last < 0 ? "no data" : `${count(values[0])} at ${absolute(new Date(times[0] * 1000).toISOString())}, ${count(values[last])} at ${absolute(new Date(times[last] * 1000).toISOString())}`;
  return html`<div class="chart" ref=${place} role="img" aria-label=${`${label}: ${summary}`}></div>`;
}

/** As short as tells them apart: the time of day, after the date where that changes. @param {number[]} at  Unix seconds */
function stamps(at) {
  const step = at.length > 1 ? (at[1] ?? 0) - (at[0] ?? 0) : 0;
  let before = "";
  return at.map((second) => {
    const [date = "", time = ""] = absolute(new Date(second * 1000).toISOString(), { ms: step > 0 && step < 1 }).split(" ");
    const shown = date === before ? "" : date.slice(5);
    before = date;
    if (step >= MONTH_S) return date.slice(0, 7);
    if (step >= 86_400) return date.slice(5);
    return [shown, step > 0 && step < 60 ? time : time.slice(0, 5)].filter(Boolean).join(" ");
  });
}
