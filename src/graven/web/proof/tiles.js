/** Where hashes lie (C2SP tlog-tiles): hash `i` of tile `N` at level `L` is the root of leaves [(256N+i)·256^L, (256N+i+1)·256^L). */

import { Tampered } from "./encoding.js";
import { HASH_SIZE, perfectRoot } from "./hashing.js";

const WIDTH = 256;

/** `tile/0/x001/000.p/5`. @param {number} level @param {number} index @param {number} width */
export function tilePath(level, index, width) {
  let number = String(index % 1000).padStart(3, "0");
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    number = `x${String(rest % 1000).padStart(3, "0")}/${number}`;
  }
  return `tile/${level}/${number}${width === WIDTH ? "" : `.p/${width}`}`;
}

/**
 * The nodes of a tree of `size` leaves, from tiles that `read` gives by their paths, each at most once.
 * @param {number} size
 * @param {(path: string) => Promise<Uint8Array>} read
 * @returns {import("./merkle.js").NodeReader}
 */
export function tileNodeReader(size, read) {
  /** @type {Map<string, Promise<Uint8Array>>} */
  const kept = new Map();
  return async (level, index) => {
    if (level < 0 || index < 0 || (index + 1) * 2 ** level > size) throw new Tampered(`no node ${index} of level ${level} in a tree of size ${size}`);
    const tileLevel = Math.floor(level / 8);
    const height = level % 8;
    const first = index * 2 ** height;
    const tileIndex = Math.floor(first / WIDTH);
    const offset = first % WIDTH;
    const width = Math.min(WIDTH, Math.floor(size / 256 ** tileLevel) - tileIndex * WIDTH);
    const path = tilePath(tileLevel, tileIndex, width);
    let tile = kept.get(path);
    if (!tile) {
      tile = read(path);
      kept.set(path, tile);
    }
    const hashes = await tile;
    if (hashes.length !== width * HASH_SIZE) throw new Tampered(`${path} has ${hashes.length} bytes, not ${width * HASH_SIZE}`);
    return perfectRoot(hashes.subarray(offset * HASH_SIZE, (offset + 2 ** height) * HASH_SIZE));
  };
}
