/**
 * SHA-256 and Ed25519: WebCrypto where there is one, else the vendored modules. A page that came over plain HTTP from
 * another machine has no `crypto.subtle` at all; older Chromium has one without Ed25519.
 */

import { Tampered, joined } from "./encoding.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {SubtleCrypto | undefined} Subtle */

export const HASH_SIZE = 32;

/** Of the page; tests leave it out. @type {{subtle: Subtle}} */
export const engine = { subtle: globalThis.crypto?.subtle };

/** @param {Bytes} data @returns {Promise<Bytes>} */
export async function sha256(data) {
  if (engine.subtle) return new Uint8Array(await engine.subtle.digest("SHA-256", data));
  const { sha256: digest } = await import("../vendor/noble/sha2.js");
  return new Uint8Array(digest(data));
}

/** SHA-256(0x00 ‖ entry). @param {Uint8Array} entry */
export const leafHash = (entry) => sha256(joined(Uint8Array.of(0), entry));

/** SHA-256(0x01 ‖ left ‖ right). @param {Uint8Array} left @param {Uint8Array} right */
export const nodeHash = (left, right) => sha256(joined(Uint8Array.of(1), left, right));

/** SHA-256(""). */
export const emptyRoot = () => sha256(new Uint8Array(0));

/**
 * The root over a power of two of hashes that stand one behind another.
 * @param {Uint8Array} hashes
 */
export async function perfectRoot(hashes) {
  let level = Array.from({ length: hashes.length / HASH_SIZE }, (_, at) => hashes.subarray(at * HASH_SIZE, (at + 1) * HASH_SIZE));
  while (level.length > 1) {
    const pairs = Array.from({ length: level.length / 2 }, (_, at) => nodeHash(level[2 * at], level[2 * at + 1]));
    level = await Promise.all(pairs);
  }
  return new Uint8Array(level[0]);
}

/**
 * Whether the signature is this key's; `by` says what computed it.
 * @param {Bytes} publicKey @param {Bytes} message @param {Bytes} signature
 * @returns {Promise<{valid: boolean, by: string}>}
 */
export async function verifyEd25519(publicKey, message, signature) {
  if (publicKey.length !== 32) throw new Tampered(`an Ed25519 key has 32 bytes, not ${publicKey.length}`);
  if (engine.subtle) {
    try {
      const key = await engine.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
      return { valid: await engine.subtle.verify({ name: "Ed25519" }, key, signature, message), by: "WebCrypto" };
    } catch (error) {
      if (!(error instanceof DOMException)) throw error; // this browser has no Ed25519, or refuses the key
    }
  }
  const [ed, { sha512 }] = await Promise.all([import("../vendor/noble/ed25519.js"), import("../vendor/noble/sha2.js")]);
  ed.hashes.sha512 = sha512;
  let valid = false;
  try {
    valid = signature.length === 64 && ed.verify(signature, message, publicKey, { zip215: false });
  } catch {
    valid = false; // a key or signature that is no point of the curve
  }
  return { valid, by: "noble-ed25519" };
}
