/**
 * What a checkpoint that a server shows says about the one that was verified before. Pure but for `read`, which
 * fetches hash tiles of the new tree, and for hashing.
 */

import { Tampered, encodeUtf8, same } from "./encoding.js";
import { consistencyProof, verifyConsistency } from "./merkle.js";
import { openCheckpoint, parseKey } from "./note.js";
import { tileNodeReader } from "./tiles.js";

/** @typedef {{key: string, note: string, at: string, since?: string}} Remembered  verifier key and checkpoint as text, when it was verified, and when the first one was */
/** @typedef {"key" | "signature" | "rollback" | "fork"} AlarmKind */
/**
 * @typedef {{status: "ok", opened: import("./note.js").OpenedCheckpoint, first: boolean, grown: number}
 *   | {status: "alarm", kind: AlarmKind, why: string}} Verdict
 */

/**
 * @param {Remembered | null} known
 * @param {{key: string, note: string}} shown
 * @param {(path: string) => Promise<Uint8Array>} read
 * @returns {Promise<Verdict>}
 */
export async function compareCheckpoints(known, shown, read) {
  if (known && known.key !== shown.key) {
    return { status: "alarm", kind: "key", why: `the log's key was ${known.key}, and is now said to be ${shown.key}` };
  }
  let opened;
  try {
    opened = await openCheckpoint(encodeUtf8(shown.note), await parseKey(shown.key));
  } catch (error) {
    if (error instanceof Tampered) return { status: "alarm", kind: "signature", why: error.message };
    throw error;
  }
  if (!known) return { status: "ok", opened, first: true, grown: 0 };
  const before = (await openCheckpoint(encodeUtf8(known.note), await parseKey(known.key))).checkpoint;
  const now = opened.checkpoint;
  if (now.size < before.size) {
    return { status: "alarm", kind: "rollback", why: `the log had ${before.size} entries, and is now shown with ${now.size}` };
  }
  if (now.size === before.size && !same(now.root, before.root)) {
    return { status: "alarm", kind: "fork", why: `there are two signed trees of ${now.size} entries with different roots` };
  }
  try {
    const proof = await consistencyProof(before.size, now.size, tileNodeReader(now.size, read));
    await verifyConsistency(before.size, now.size, proof, before.root, now.root);
  } catch (error) {
    if (!(error instanceof Tampered)) throw error;
    return { status: "alarm", kind: "fork", why: `the tree of ${now.size} entries does not begin with the tree of ${before.size}: ${error.message}` };
  }
  return { status: "ok", opened, first: false, grown: now.size - before.size };
}
