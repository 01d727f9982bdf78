/** The exact bytes that the leaf hashes: as text, as hexadecimal, as a file, and their hash. */

import { getBytes, inLog } from "../../api.js";
import { html, useEffect, useState } from "../../html.js";
import { copyText } from "../../parts/copy.js";
import { count, download, Loading, Problem, useLoad } from "../../shell/parts.js";
import { announce } from "../../state.js";

const TEXT_STEP = 100_000;
const HEX_ROWS = 64;

/** @param {{log: string, index: number}} props */
export function Raw({ log, index }) {
  const { data, error, reload } = useLoad((signal) => getBytes(inLog(log, "events", index), { accept: "application/octet-stream", signal }), [log, index]);
  const [leaf, setLeaf] = useState("");
  const [hex, setHex] = useState(false);
  const [shown, setShown] = useState(TEXT_STEP);
  useEffect(() => {
    setLeaf("");
    if (!data || !globalThis.crypto?.subtle) return; // plain HTTP elsewhere than on this machine: the proof page has its own hashing
    const prefixed = new Uint8Array(data.length + 1); // RFC 6962: a leaf is hashed behind a zero byte
    prefixed.set(data, 1);
    void crypto.subtle.digest("SHA-256", prefixed).then((made) => setLeaf(hexOf(new Uint8Array(made))));
  }, [data]);
  if (error) return html`<${Problem} error=${error} retry=${reload} />`;
  if (!data) return html`<${Loading} what="Reading the entry" />`;
  const text = hex ? dump(data, Math.ceil(shown / TEXT_STEP) * HEX_ROWS) : new TextDecoder().decode(data.subarray(0, shown));
  const isCut = hex ? data.length > Math.ceil(shown / TEXT_STEP) * HEX_ROWS * 16 : data.length > shown;
  return html`<section class="card raw" aria-labelledby="h-raw">
    <header><h2 id="h-raw">The entry as it is in the log</h2>
      <div class="toolbar"><label class="check"><input type="checkbox" checked=${hex} onChange=${() => setHex(!hex)} />hexadecimal</label>
        <button type="button" class="btn small" onClick=${async () => (await copyText(new TextDecoder().decode(data)), announce("Copied"))}>Copy</button>
        <button type="button" class="btn small" onClick=${() => download(`${log}-${index}.json`, /** @type {Uint8Array<ArrayBuffer>} */ (data), "application/octet-stream")}>Download</button></div></header>
    <p class="muted">${count(data.length)} bytes, exactly those that the log hashes${leaf && html`; leaf hash (SHA-256 behind a zero byte) <code class="hash">${leaf}</code>`}</p>
    <pre tabindex="0" aria-label="bytes of the entry">${text}</pre>
    ${isCut && html`<p><button type="button" class="btn small" onClick=${() => setShown(shown + TEXT_STEP * 4)}>Show more</button></p>`}
  </section>`;
}

/** @param {Uint8Array} bytes */
const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** @param {Uint8Array} bytes @param {number} rows */
function dump(bytes, rows) {
  const lines = [];
  for (let at = 0; at < bytes.length && lines.length < rows; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const pairs = Array.from(row, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = Array.from(row, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${pairs.padEnd(47)}  ${text}`);
  }
  return lines.join("\n");
}
