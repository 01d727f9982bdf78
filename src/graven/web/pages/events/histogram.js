/** The histogram: stacked counts over time. Dragging over it zooms in; the browser's Back, or “Zoom out”, goes back. */

import { html, useEffect, useRef, useState } from "../../html.js";
import { theme } from "../../preferences.js";
import { count } from "../../shell/parts.js";
import { formatAbsolute, formatDuration, formatStamp, offsetMinutes, instantOf } from "../../parts/time.js";
import { fitting } from "../../parts/axis-labels.js";
import { plotting } from "../../parts/plot.js";
import { brushed, colour, named, stacked } from "./stack.js";

/** @import {Histogram as Told, Part} from "./search.js" @import {Stack} from "./stack.js" @import uPlot from "../../vendor/uplot.js" */
/**
 * @typedef {object} HistogramProps
 * @property {Part<Told>} part
 * @property {string} by
 * @property {string[]} fields  what it can be stacked by
 * @property {string} zone
 * @property {(by: string) => void} onBy
 * @property {(since: string, until: string) => void} onZoom
 * @property {(value: string | null, exclude: boolean) => void} onValue  null: any value
 */

const HEIGHT = 92;
const LOW = 60;
/** Pixels beside the bars: room for half a label, and for counts. */
const EDGE = 22;
const COUNTS = 44;
const MONTH_MS = 27 * 86_400_000;

/** @param {HistogramProps} props */
export function Histogram({ part, by, fields, zone, onBy, onZoom, onValue }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [hover, setHover] = useState(-1);
  const { value: told, loading, error } = part;
  const stack = told ? stacked(told, by) : null;
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  const dark = theme.value;
  useEffect(() => {
    const element = box.current;
    if (!element || !stack || !stack.x.length) return undefined;
    /** @type {uPlot | null} */
    let plot = null;
    let isShown = true;
    const watch = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: element.clientHeight }));
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const redraw = () => plot?.redraw();
    void plotting().then((UPlot) => {
      if (!isShown) return;
      plot = drawn(UPlot, element, stack, by, zone, { zoom: (since, until) => zoom.current(since, until), hover: setHover });
      watch.observe(element);
      scheme.addEventListener("change", redraw);
    });
    return () => {
      isShown = false;
      scheme.removeEventListener("change", redraw);
      watch.disconnect();
      plot?.destroy();
    };
  }, [told, by, zone, dark]);
  const wide = told && told.buckets.length ? `${formatDuration(told.width_ns)} a bar` : "";
  return html`<section class=${loading && told ? "histogram stale" : "histogram"} aria-label="Histogram" aria-busy=${loading}>
    <div class="plot" ref=${box} role="img" aria-label=${described(stack, told, zone)}></div>
    ${error && html`<p class="muted plotnote">No histogram: ${error.message}</p>`}
    <div class="legend">
      <${Legend} stack=${stack} by=${by} hover=${hover} zone=${zone} onValue=${onValue} />
      <label class="stackby"><span class="muted">by</span> <select value=${by} onChange=${(/** @type {Event} */ event) => onBy(/** @type {HTMLSelectElement} */ (event.currentTarget).value)}>
        ${[...new Set([by, ...fields])].map((field) => html`<option key=${field} value=${field}>${field}</option>`)}
      </select></label>
      <span class="muted num wide">${wide}</span>
    </div>
  </section>`;
}

/** @param {{stack: Stack | null, by: string, hover: number, zone: string, onValue: (value: string | null, exclude: boolean) => void}} props */
function Legend({ stack, by, hover, zone, onValue }) {
  if (!stack) return html`<span class="grow"></span>`;
  const at = stack.starts[hover];
  return html`<ul class="grow">
      ${stack.layers.map(({ value, total, counts }, place) => {
        const n = at === undefined ? total : (counts[hover] ?? 0);
        const inside = html`<i class=${`dot ${colour(by, value, place).slice(2)}`}></i>${named(stack, value)} <span class="num">${count(n)}</span>`;
        return html`<li key=${value}>${
          value
            ? html`<button type="button" title=${`Only ${by}:${value} (Alt or Shift: all but these)`} onClick=${(/** @type {MouseEvent} */ event) => onValue(value, event.altKey || event.shiftKey)}>${inside}</button>`
            : total > 0 && !stack.hasOthers
              ? html`<button type="button" title=${`Only events without ${by}`} onClick=${() => onValue(null, true)}>${inside}</button>`
              : html`<span>${inside}</span>`
        }</li>`;
      })}
    </ul>
    ${at !== undefined && html`<span class="num hovered">${formatAbsolute(at, { zone, digits: stack.width < 1_000_000_000n ? 3 : 0 })}</span>`}`;
}

/** @param {Stack | null} stack @param {Told | null} told @param {string} zone */
function described(stack, told, zone) {
  if (!stack || !told) return "Histogram is loading";
  const from = instantOf(told.from);
  const to = instantOf(told.to);
  const between = from !== null && to !== null ? ` from ${formatAbsolute(from, { zone, digits: 0 })} to ${formatAbsolute(to, { zone, digits: 0 })}` : "";
  return `${count(told.total)} events${between}: ${stack.layers.map(({ value, total }) => `${count(total)} ${named(stack, value)}`).join(", ")}`;
}

/**
 * @param {typeof uPlot} UPlot @param {HTMLElement} element @param {Stack} stack @param {string} by @param {string} zone
 * @param {{zoom: (since: string, until: string) => void, hover: (bucket: number) => void}} told
 */
function drawn(UPlot, element, stack, by, zone, told) {
  const css = (/** @type {string} */ name) => getComputedStyle(element).getPropertyValue(name).trim() || "#888";
  const half = Number(stack.width) / 2e6;
  const bars = /** @type {NonNullable<uPlot.Series.PathBuilderFactories["bars"]>} */ (UPlot.paths.bars);
  const [first = 0, last = 1] = [stack.x[0], stack.x.at(-1)];
  const layers = stack.layers.map((layer, at) => ({ ...layer, name: colour(by, layer.value, at) })).reverse();
  const isLow = element.clientHeight < LOW;
  /** @type {uPlot.Options} */
  const options = {
    width: element.clientWidth,
    height: element.clientHeight || HEIGHT,
    ms: 1,
    padding: [6, EDGE, 0, isLow ? EDGE : 0],
    tzDate: (stamp) => inZone(stamp, zone),
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
    scales: { x: { time: true, range: () => [first - half, last + half] }, y: { range: () => [0, Math.max(stack.most, 1) * 1.04] } },
    axes: [
      { stroke: () => css("--muted"), grid: { show: false }, ticks: { show: false }, size: isLow ? 18 : 22, space: 96, font: "11px system-ui, sans-serif", gap: 3, values: (_plot, splits, _axis, _space, step) => {
          const left = isLow ? EDGE : COUNTS;
          const inner = element.clientWidth - left - EDGE;
          const places = splits.map((stamp) => left + ((stamp - first + half) / (last - first + 2 * half)) * inner);
          return fitting(stamps(splits, step, zone), places, element.clientWidth);
        } },
      {
        stroke: () => css("--muted"), grid: { stroke: () => css("--line"), width: 1 }, ticks: { show: false }, size: COUNTS, space: 30, font: "11px system-ui, sans-serif", gap: 3, show: !isLow,
        values: (_, splits) => splits.map((n) => (Number.isInteger(n) && n ? short(n) : "")),
      },
    ],
    series: [{}, ...layers.map(({ value, name }) => ({ label: value, fill: () => css(name), width: 0, points: { show: false }, paths: bars({ size: [0.9, 60], gap: 1 }) }))],
    hooks: {
      setCursor: [(plot) => told.hover(plot.cursor.idx ?? -1)],
      setSelect: [
        (plot) => {
          if (plot.select.width < 3) return;
          const { since, until } = brushed(stack, plot.posToVal(plot.select.left, "x"), plot.posToVal(plot.select.left + plot.select.width, "x"));
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          told.zoom(formatStamp(since), formatStamp(until));
        },
      ],
    },
  };
  return new UPlot(options, [stack.x, ...layers.map(({ sums }) => sums)], element);
}

/** @param {number} stamp @param {string} zone @returns {Date} whose local parts are those of the zone */
function inZone(stamp, zone) {
  const minutes = offsetMinutes(zone, BigInt(Math.floor(stamp)) * 1_000_000n);
  return new Date(stamp + (minutes + new Date(stamp).getTimezoneOffset()) * 60_000);
}

/** 24 hours, and the date where it changes. @param {number[]} splits @param {number} step @param {string} zone */
function stamps(splits, step, zone) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  let day = "";
  return splits.map((stamp) => {
    const date = inZone(stamp, zone);
    const today = `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
    const isNew = today !== day;
    day = today;
    if (step >= MONTH_MS) return `${date.getFullYear()}-${two(date.getMonth() + 1)}`;
    if (step >= 86_400_000) return today;
    const time = `${two(date.getHours())}:${two(date.getMinutes())}${step < 60_000 ? `:${two(date.getSeconds())}` : ""}`;
    if (step < 1000) return `${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
    return isNew ? `${today} ${time}` : time;
  });
}

/** @param {number} n */
const short = (n) => (n >= 1e6 ? `${n / 1e6}M` : n >= 1e3 ? `${n / 1e3}k` : String(n));
