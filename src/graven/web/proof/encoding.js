/**
 * Decoders in which every value has exactly one spelling: decode, encode again, compare, refuse.
 * `Bytes` is what WebCrypto takes. Numbers beyond 2^53 are refused: no log of that size exists, and rounding would lie.
 */

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/** Evidence that is malformed or contradicts itself. Anything else that is thrown is a mistake, or the network. */
export class Tampered extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "Tampered";
  }
}

/** @param {string} text @param {number} [size] @returns {Bytes} */
export function decodeBase64(text, size) {
  let binary;
  try {
    binary = atob(text);
  } catch {
    throw new Tampered(`not base64: ${shown(text)}`);
  }
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  if (encodeBase64(bytes) !== text) throw new Tampered(`not the one base64 spelling of its bytes: ${shown(text)}`);
  if (size !== undefined && bytes.length !== size) throw new Tampered(`${bytes.length} bytes where ${size} are expected`);
  return bytes;
}

/** @param {Uint8Array} bytes */
export function encodeBase64(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** @param {string} text */
export function decodeDecimal(text) {
  const value = /^(0|[1-9][0-9]*)$/.test(text) && text.length <= 16 ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) throw new Tampered(`not a number that a log may hold: ${shown(text)}`);
  return value;
}

/** Text of a note: valid UTF-8, no control character but newline. @param {Uint8Array} bytes */
export function decodeUtf8(bytes) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Tampered("not UTF-8");
  }
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0009\u000b-\u001f]/.test(text)) throw new Tampered("a control character in a note");
  return text;
}

/** @param {string} text @returns {Bytes} */
export function encodeUtf8(text) {
  return new TextEncoder().encode(text);
}

/** @param {Uint8Array} bytes */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {...Uint8Array} parts @returns {Bytes} */
export function joined(...parts) {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** @param {Uint8Array} one @param {Uint8Array} other */
export function same(one, other) {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** Text for a message: quoted and cut. @param {string} text */
export function shown(text) {
  return JSON.stringify(text.slice(0, 60)) + (text.length > 60 ? "…" : "");
}
