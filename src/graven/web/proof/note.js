/** Signed notes, verifier keys and checkpoints (C2SP signed-note, tlog-checkpoint). */

import { Tampered, decodeBase64, decodeDecimal, decodeUtf8, encodeUtf8, hex, joined, same, shown } from "./encoding.js";
import { HASH_SIZE, emptyRoot, sha256, verifyEd25519 } from "./hashing.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {{name: string, id: Bytes, public: Bytes, text: string}} VerifierKey */
/** @typedef {{name: string, id: Bytes, signature: Bytes}} Signature */
/** @typedef {{text: string, signatures: Signature[]}} Note */
/** @typedef {{origin: string, size: number, root: Bytes}} Checkpoint */
/** @typedef {{checkpoint: Checkpoint, note: Note, key: VerifierKey, signature: Signature, by: string}} OpenedCheckpoint */

const ED25519 = 1;
const MOST_BYTES = 1_000_000;
const MOST_SIGNATURES = 100;
const ID_SIZE = 4;

/** @param {string} name */
function checkName(name) {
  if (!name || /[+\s]/u.test(name)) throw new Tampered(`a name has no spaces and no +, unlike ${shown(name)}`);
}

/**
 * `<name>+<hex id>+<base64(0x01 ‖ public)>`, without newline.
 * @param {string} text
 * @returns {Promise<VerifierKey>}
 */
export async function parseKey(text) {
  const parts = /^([^+]*)\+([0-9a-f]{8})\+(.+)$/.exec(text);
  if (!parts) throw new Tampered(`not a verifier key: ${shown(text)}`);
  const [, name, id, encoded] = parts;
  checkName(name);
  const data = decodeBase64(encoded, 33);
  if (data[0] !== ED25519) throw new Tampered(`the key ${shown(name)} is not an Ed25519 key of a log`);
  const digest = await sha256(joined(encodeUtf8(name), Uint8Array.of(10), data));
  const expected = digest.slice(0, ID_SIZE);
  if (hex(expected) !== id) throw new Tampered(`the key ${shown(name)} has the id ${hex(expected)}, not ${id}`);
  return { name, id: expected, public: data.slice(1), text };
}

/** @param {Uint8Array} bytes @returns {Note} */
export function parseNote(bytes) {
  if (bytes.length > MOST_BYTES) throw new Tampered(`a note of ${bytes.length} bytes`);
  const whole = decodeUtf8(bytes);
  const blank = whole.lastIndexOf("\n\n");
  if (blank < 0 || !whole.endsWith("\n")) throw new Tampered("a note has a blank line before its signatures, and ends in newline");
  const lines = whole.slice(blank + 2, -1).split("\n");
  if (lines.length > MOST_SIGNATURES) throw new Tampered(`a note of ${lines.length} signatures`);
  return { text: whole.slice(0, blank + 1), signatures: lines.map(parseSignature) };
}

/** @param {string} line @returns {Signature} */
function parseSignature(line) {
  const parts = line.split(" ");
  if (parts.length !== 3 || parts[0] !== "\u2014") throw new Tampered(`not a signature line: ${shown(line)}`);
  checkName(parts[1]);
  const payload = decodeBase64(parts[2]);
  if (payload.length <= ID_SIZE) throw new Tampered("a signature of no bytes");
  return { name: parts[1], id: payload.slice(0, ID_SIZE), signature: payload.slice(ID_SIZE) };
}

/** @param {string} text @returns {Promise<Checkpoint>} */
async function parseCheckpoint(text) {
  const lines = text.split("\n");
  if (lines.length !== 4 || lines[3]) throw new Tampered(`a checkpoint is three lines, unlike ${shown(text)}`);
  checkName(lines[0]);
  const checkpoint = { origin: lines[0], size: decodeDecimal(lines[1]), root: decodeBase64(lines[2], HASH_SIZE) };
  if (checkpoint.size === 0 && !same(checkpoint.root, await emptyRoot())) throw new Tampered("a tree of size 0 with a root of something");
  return checkpoint;
}

/**
 * The checkpoint, signed by the log's key, whose name is the origin. Tampered for anything else.
 * @param {Uint8Array} bytes @param {VerifierKey} key
 * @returns {Promise<OpenedCheckpoint>}
 */
export async function openCheckpoint(bytes, key) {
  const note = parseNote(bytes);
  const checkpoint = await parseCheckpoint(note.text);
  if (checkpoint.origin !== key.name) throw new Tampered(`the checkpoint is of ${shown(checkpoint.origin)}, the key of ${shown(key.name)}`);
  const message = encodeUtf8(note.text);
  let found = null;
  let by = "";
  for (const one of note.signatures) {
    if (one.name !== key.name || !same(one.id, key.id)) continue;
    const answer = await verifyEd25519(key.public, message, one.signature);
    if (!answer.valid) throw new Tampered(`the signature of ${shown(one.name)} (key ${hex(one.id)}) does not verify`);
    found ??= one;
    by = answer.by;
  }
  if (!found) throw new Tampered(`the checkpoint is not signed by the key ${shown(key.name)} (${hex(key.id)})`);
  return { checkpoint, note, key, signature: found, by };
}
