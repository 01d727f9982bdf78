/** The steps of a proof with their values, each computed here. A step that fails does not hide the others. */

import { getBytes, inLog } from "../../api.js";
import { compareCheckpoints } from "../../proof/compare.js";
import { Tampered, decodeUtf8, encodeBase64, hex, same } from "../../proof/encoding.js";
import { leafHash } from "../../proof/hashing.js";
import { guard } from "../../proof/guard.js";
import { remembered, sinceOf } from "../../proof/memory.js";
import { climb } from "../../proof/merkle.js";
import { openCheckpoint, parseKey } from "../../proof/note.js";
import { parseProof } from "../../proof/proof_file.js";

/**
 * @typedef {object} ProofStep
 * @property {string} name
 * @property {string} title
 * @property {string} what
 * @property {"ok" | "failed" | "skipped" | "new"} state  `new`: there was nothing to compare with
 * @property {string} why
 * @property {Array<[string, string | {at: string}]>} values
 * @property {Array<{side: string, sibling: string, node: string}>} path
 */
/** @typedef {{steps: ProofStep[], verdict: "ok" | "failed", size: number, entryBytes: import("../../proof/encoding.js").Bytes, proofBytes: import("../../proof/encoding.js").Bytes}} Proven */

/**
 * @param {import("../../state.js").LogInfo} log
 * @param {number} index
 * @returns {Promise<Proven>}
 */
export async function proveEntry(log, index) {
  const path = inLog(log.name, "events", index);
  const entryBytes = await getBytes(path, { accept: "application/octet-stream" });
  const proofBytes = await getBytes(`${path}/proof`);
  const run = new Run();

  const leaf = await run.step("leaf", "The entry's bytes give its leaf hash", "SHA-256 of a zero byte and the exact bytes that the log holds.", async (say) => {
    const hash = await leafHash(entryBytes);
    say("bytes", String(entryBytes.length));
    say("leaf hash", hex(hash));
    return hash;
  });
  const proof = await run.step("proof", "The proof is well-formed and of this entry", "C2SP tlog-proof: an index, hashes, and the checkpoint they lead to.", async (say) => {
    const parsed = parseProof(proofBytes);
    say("index", String(parsed.index));
    say("hashes", String(parsed.hashes.length));
    if (parsed.index !== index) throw new Tampered(`the proof is of entry ${parsed.index}, not of ${index}`);
    return parsed;
  });
  const opened = await run.step("signature", "The log's key signed the checkpoint", "Ed25519 over the checkpoint's three lines: origin, size, root.", async (say) => {
    const key = await parseKey(log.key);
    say("key", key.text);
    if (!proof) return null;
    const found = await openCheckpoint(proof.checkpoint, key);
    say("origin", found.checkpoint.origin);
    say("size", String(found.checkpoint.size));
    say("root", hex(found.checkpoint.root));
    say("signature", encodeBase64(found.signature.signature));
    say("computed by", found.by);
    return found;
  }, !proof);
  await run.step("path", "The path leads from the leaf to the signed root", "Each hash of the proof is put beside the one before it and hashed again.", async (say, walk) => {
    if (!leaf || !proof || !opened) return;
    const { steps, top } = await climb(index, opened.checkpoint.size, leaf, proof.hashes);
    for (const one of steps) walk({ side: one.side, sibling: hex(one.sibling), node: hex(one.node) });
    say("computed root", hex(top));
    say("signed root", hex(opened.checkpoint.root));
    if (!same(top, opened.checkpoint.root)) throw new Tampered("the path leads to another root than the signed one: entry, proof or checkpoint were changed");
  }, !leaf || !proof || !opened);
  await run.step("known", "The log is the one that this browser knows", "The checkpoint is compared with the last one verified here; its key with the one trusted since.", async (say) => {
    if (!proof) return;
    const known = remembered(log.origin);
    if (!known) {
      run.isNew(null);
      return;
    }
    const met = guard.peek();
    if (met?.first && met.origin === log.origin) run.isNew(sinceOf(known));
    else say("known since", { at: sinceOf(known) });
    const before = Number(known.note.split("\n")[1]);
    const shown = { key: log.key, note: decodeUtf8(proof.checkpoint) };
    say("known size", String(before));
    const read = (/** @type {string} */ tile) => getBytes(`/logs/${encodeURIComponent(log.name)}/${tile}`);
    // the proof's checkpoint may be a little older than the one that the guard verified a moment ago
    const older = opened && opened.checkpoint.size < before;
    const verdict = older
      ? await compareCheckpoints({ ...shown, at: known.at }, { key: known.key, note: known.note }, read)
      : await compareCheckpoints(known, shown, read);
    if (verdict.status === "alarm") throw new Tampered(verdict.why);
  }, !proof);
  return { steps: run.steps, verdict: run.steps.some((step) => step.state === "failed") ? "failed" : "ok", size: opened?.checkpoint.size ?? 0, entryBytes, proofBytes };
}

class Run {
  constructor() {
    /** @type {ProofStep[]} */
    this.steps = [];
  }

  /** The last step had nothing to compare with. @param {string | null} at  when this browser met the log; null: just now */
  isNew(at) {
    const step = this.steps[this.steps.length - 1];
    step.state = "new";
    step.title = "This browser met the log for the first time";
    step.what = "So this tells little yet: key and checkpoint are trusted on first use, and whatever is shown later is compared with them.";
    step.values.push(["met", { at: at ?? new Date().toISOString() }]);
  }

  /**
   * @template T
   * @param {string} name @param {string} title @param {string} what
   * @param {(say: (name: string, value: string | {at: string}) => void, walk: (one: ProofStep["path"][number]) => void) => Promise<T>} work
   * @param {boolean} [without]  something that it needs failed before
   * @returns {Promise<T | null>}
   */
  async step(name, title, what, work, without = false) {
    /** @type {ProofStep} */
    const step = { name, title, what, state: without ? "skipped" : "ok", why: "", values: [], path: [] };
    this.steps.push(step);
    if (without) return null;
    try {
      return await work((label, value) => step.values.push([label, value]), (one) => step.path.push(one));
    } catch (error) {
      if (!(error instanceof Tampered)) throw error;
      step.state = "failed";
      step.why = `${error.message[0].toUpperCase()}${error.message.slice(1)}.`;
      return null;
    }
  }
}
