/** The worker of `WorkerSource`: fetches one JSON document, keeps its bytes and answers questions about them. */

import { BytesSource } from "./json-source.js";

/** @typedef {{call: number, what: "load" | "root" | "children" | "text" | "find", given: any[]}} Question */

const PROGRESS_BYTES = 1 << 20;

/** @type {BytesSource | null} */
let source = null;

/** @param {string} url @returns {Promise<void>} */
async function load(url) {
  const response = await fetch(url, { credentials: "same-origin", headers: { "X-Graven": "1" } });
  if (!response.ok || !response.body) {
    const told = await response.json().catch(() => null);
    throw new Error(told?.error?.message ?? `the server answered ${response.status}`);
  }
  const total = Number(response.headers.get("content-length") ?? 0);
  let bytes = new Uint8Array(total || 1 << 22);
  let loaded = 0;
  let told = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (loaded + value.length > bytes.length) {
      const larger = new Uint8Array(Math.max(bytes.length * 2, loaded + value.length));
      larger.set(bytes.subarray(0, loaded));
      bytes = larger;
    }
    bytes.set(value, loaded);
    loaded += value.length;
    if (loaded - told >= PROGRESS_BYTES) {
      told = loaded;
      postMessage({ progress: true, loaded, total });
    }
  }
  source = new BytesSource(bytes.subarray(0, loaded));
}

/** @param {Question} question @returns {Promise<unknown>} */
function answer({ what, given }) {
  if (what === "load") return load(given[0]);
  if (!source) return Promise.reject(new Error("nothing is loaded"));
  switch (what) {
    case "root":
      return source.root();
    case "children":
      return source.children(given[0], given[1], given[2]);
    case "text":
      return source.text(given[0], given[1]);
    case "find":
      return source.find(given[0], given[1]);
  }
}

self.onmessage = async (/** @type {MessageEvent<Question>} */ { data }) => {
  try {
    postMessage({ call: data.call, result: await answer(data) });
  } catch (error) {
    postMessage({ call: data.call, error: error instanceof Error ? error.message : String(error) });
  }
};
