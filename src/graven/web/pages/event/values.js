/** Inputs, outputs and attributes as trees; what is large is loaded when it is asked for, by a worker. */

import { inLog } from "../../api.js";
import { html, useEffect, useMemo, useState } from "../../html.js";
import { JsonTree } from "../../parts/json-tree.js";
import { WorkerSource } from "../../parts/json-source.js";
import { Problem, size } from "../../shell/parts.js";
import { sourceAt, storyOf } from "./loading.js";

/** @import {Loaded} from "./loading.js" */
/** @typedef {(query: string) => void} OnFilter */

const NAMES = /** @type {const} */ (["input", "output", "attributes"]);
const TITLES = { input: "Input", output: "Output", attributes: "Attributes" };
/** The input of a test is what its runner gave it: not what it sent to what it tests. */
const OF_A_TEST = { ...TITLES, input: "Parameters and fixtures of the test", output: "What the test printed" };

/** @param {{log: string, loaded: Loaded, onFilter: OnFilter}} props */
export function Values({ log, loaded, onFilter }) {
  const { event, large } = loaded.view;
  const story = storyOf(log, event.qa);
  const isTest = story && event.action?.startsWith("test.case.");
  const titles = isTest ? OF_A_TEST : TITLES;
  const inside = large.filter(({ path }) => NAMES.some((name) => path.startsWith(`/${name}/`)));
  const elsewhere = large.filter(({ path }) => !NAMES.some((name) => path === `/${name}` || path.startsWith(`/${name}/`)));
  return html`${NAMES.map((name) => {
    const whole = large.find(({ path }) => path === `/${name}`);
    if (whole) return html`<${Card} key=${name} title=${titles[name]}><${Large} log=${log} index=${loaded.view.index} value=${whole} root=${name} onFilter=${onFilter} /><//>`;
    const parts = inside.filter(({ path }) => path.startsWith(`/${name}/`));
    if (event[name] === undefined && !parts.length) return null;
    return html`<${Card} key=${name} title=${titles[name]}>
      ${isTest && name === "input" && html`<p class="muted">What the test sent, and what came back, is in <a href=${story}>What happened in this test</a>.</p>`}
      <${Tree} loaded=${loaded} name=${name} onFilter=${onFilter} />
      ${parts.map((value) => html`<${Large} key=${value.path} log=${log} index=${loaded.view.index} value=${value} root=${name} onFilter=${onFilter} />`)}<//>`;
  })}
  ${elsewhere.map((value) => html`<${Card} key=${value.path} title=${value.path.slice(1)}><${Large} log=${log} index=${loaded.view.index} value=${value} root=${value.path.slice(1)} onFilter=${onFilter} /><//>`)}`;
}

/** @param {{title: string, children?: any}} props */
export const Card = ({ title, children }) => html`<section class="card"><h2>${title}</h2>${children}</section>`;

/** @param {{loaded: Loaded, name: "input" | "output" | "attributes", onFilter: OnFilter}} props */
function Tree({ loaded, name, onFilter }) {
  const source = useMemo(() => sourceAt(loaded, [name]), [loaded, name]);
  return source && html`<${JsonTree} source=${source} root=${name} searchable=${true} onFilter=${onFilter} label=${name} />`;
}

/** @param {{log: string, index: number, value: {path: string, size: number}, root: string, onFilter: OnFilter}} props */
function Large({ log, index, value, root, onFilter }) {
  const [source, setSource] = useState(/** @type {WorkerSource | null} */ (null));
  const [state, setState] = useState(/** @type {"idle" | "loading" | "ready"} */ ("idle"));
  const [done, setDone] = useState(0);
  const [error, setError] = useState(/** @type {unknown} */ (null));
  useEffect(() => () => source?.close(), [source]);
  const url = `${inLog(log, "events", index, "value")}?${new URLSearchParams({ path: value.path })}`;
  const steps = value.path.split("/").slice(2).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~")).map((step) => (/^\d+$/.test(step) ? Number(step) : step));
  const load = () => {
    setState("loading");
    setError(null);
    const made = new WorkerSource(new URL(url, location.origin).href, (loaded) => setDone(loaded));
    setSource(made);
    made.loaded.then(() => setState("ready"), (problem) => (setError(problem), setState("idle")));
  };
  return html`<div class="large">
    ${state !== "ready" && html`<p>${steps.length ? html`<code>${steps.join(".")}</code> is` : "This is"} large: ${size(value.size)}. It is loaded apart, and the page stays responsive.</p>
    <p class="toolbar"><button type="button" class="btn small" disabled=${state === "loading"} onClick=${load}>${state === "loading" ? `Loading ${size(done)} of ${size(value.size)}` : `Load ${size(value.size)}`}</button>
      <a class="btn small quiet" href=${url} download=${`${log}-${index}${value.path.replaceAll("/", "-")}.json`}>Download</a></p>
    ${state === "loading" && html`<progress max=${value.size} value=${done} aria-label="Loaded"></progress>`}`}
    ${error && html`<${Problem} error=${error} what="It cannot be loaded" />`}
    ${state === "ready" && source && html`<${JsonTree} source=${source} root=${root} path=${steps} searchable=${NAMES.some((name) => name === root)} deep=${false} onFilter=${onFilter} label=${root} />`}
  </div>`;
}
