/** Proof files (C2SP tlog-proof): all that is needed, besides the key, to show that an entry is in a log. */

import { Tampered, decodeBase64, decodeDecimal, decodeUtf8, shown } from "./encoding.js";
import { HASH_SIZE } from "./hashing.js";

/** @typedef {{index: number, hashes: import("./encoding.js").Bytes[], checkpoint: Uint8Array}} ProofFile */

const HEADER = "c2sp.org/tlog-proof@v1";
const MOST_HASHES = 63;

/** @param {Uint8Array} bytes @returns {ProofFile} */
export function parseProof(bytes) {
  const end = bytes.findIndex((byte, at) => byte === 10 && bytes[at + 1] === 10);
  if (end < 0) throw new Tampered("a proof has a blank line before its checkpoint");
  const [header, ...lines] = decodeUtf8(bytes.subarray(0, end)).split("\n");
  if (header !== HEADER) throw new Tampered(`a proof begins with ${HEADER}, not with ${shown(header)}`);
  if (lines[0]?.startsWith("extra ")) {
    if (!decodeBase64(lines[0].slice(6)).length) throw new Tampered("empty extra data has two spellings");
    lines.shift();
  }
  if (!lines[0]?.startsWith("index ")) throw new Tampered("a proof has an index line after its header");
  if (lines.length - 1 > MOST_HASHES) throw new Tampered(`a proof of ${lines.length - 1} hashes`);
  return {
    index: decodeDecimal(lines[0].slice(6)),
    hashes: lines.slice(1).map((line) => decodeBase64(line, HASH_SIZE)),
    checkpoint: bytes.slice(end + 2),
  };
}
