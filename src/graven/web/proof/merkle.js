/**
 * The Merkle tree of RFC 9162 §2.1, as a verifier needs it: inclusion, consistency, and consistency proofs made from
 * hash tiles. Sizes are plain numbers below 2^53; halving instead of shifting, because shifts work on 32 bits only.
 */

import { Tampered, hex, same } from "./encoding.js";
import { HASH_SIZE, emptyRoot, nodeHash } from "./hashing.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {(level: number, index: number) => Promise<Bytes>} NodeReader  root of the leaves [index·2^level, (index+1)·2^level) */
/** @typedef {{side: "left" | "right", sibling: Uint8Array, node: Uint8Array}} Step  the node that came out of one step */

/** @param {number} n */
const half = (n) => Math.floor(n / 2);
/** @param {number} n */
const odd = (n) => n % 2 === 1;

/** Bits of n: 0 → 0, 5 → 3. @param {number} n */
function bitLength(n) {
  let bits = 0;
  for (; n > 0; n = half(n)) bits++;
  return bits;
}

/** @param {number} n */
function bitCount(n) {
  let count = 0;
  for (; n > 0; n = half(n)) count += n % 2;
  return count;
}

/** Levels at which the paths of two indexes are still apart. @param {number} one @param {number} other */
function levelsApart(one, other) {
  let levels = 0;
  for (; one !== other; one = half(one), other = half(other)) levels++;
  return levels;
}

/** @param {boolean} ok @param {() => string} message */
function need(ok, message) {
  if (!ok) throw new Tampered(message());
}

/** @param {...Uint8Array} hashes */
function needHashes(...hashes) {
  for (const hash of hashes) need(hash.length === HASH_SIZE, () => `a hash of ${hash.length} bytes where ${HASH_SIZE} are expected`);
}

/**
 * Checks that the leaf stands at `index` in the tree; gives every step on the way. Tampered otherwise.
 * @param {number} index @param {number} size @param {Uint8Array} leaf @param {Uint8Array[]} proof @param {Uint8Array} root
 */
export async function verifyInclusion(index, size, leaf, proof, root) {
  const { steps, top } = await climb(index, size, leaf, proof);
  need(same(top, root), () => `the path leads to the root ${hex(top)}, not to ${hex(root)}`);
  return steps;
}

/**
 * From the leaf to the root that the proof leads to, whatever that is.
 * @param {number} index @param {number} size @param {Uint8Array} leaf @param {Uint8Array[]} proof
 * @returns {Promise<{steps: Step[], top: Uint8Array}>}
 */
export async function climb(index, size, leaf, proof) {
  need(Number.isSafeInteger(index) && index >= 0 && index < size, () => `no entry ${index} in a tree of size ${size}`);
  needHashes(leaf, ...proof);
  const inner = levelsApart(index, size - 1);
  const length = inner + bitCount(Math.floor(index / 2 ** inner));
  need(proof.length === length, () => `a proof of ${proof.length} hashes where ${length} are expected`);
  let node = leaf;
  let place = index;
  /** @type {Step[]} */
  const steps = [];
  for (const [height, sibling] of proof.entries()) {
    // beyond the inner part the node lies on the right edge, where all siblings are on the left
    const side = height >= inner || odd(place) ? "left" : "right";
    node = side === "left" ? await nodeHash(sibling, node) : await nodeHash(node, sibling);
    steps.push({ side, sibling, node });
    place = half(place);
  }
  return { steps, top: node };
}

/**
 * Checks that the tree (`newSize`, `newRoot`) begins with the tree (`oldSize`, `oldRoot`). Tampered otherwise.
 * @param {number} oldSize @param {number} newSize @param {Uint8Array[]} proof @param {Uint8Array} oldRoot @param {Uint8Array} newRoot
 */
export async function verifyConsistency(oldSize, newSize, proof, oldRoot, newRoot) {
  need(oldSize >= 0 && oldSize <= newSize, () => `a tree of size ${newSize} cannot extend one of size ${oldSize}`);
  const empty = await emptyRoot();
  for (const [size, root] of /** @type {Array<[number, Uint8Array]>} */ ([[oldSize, oldRoot], [newSize, newRoot]])) {
    need(size !== 0 || same(root, empty), () => `a tree of size 0 has the root ${hex(empty)}, not ${hex(root)}`);
  }
  need(oldSize !== newSize || same(oldRoot, newRoot), () => `two roots of size ${newSize}: ${hex(oldRoot)} and ${hex(newRoot)}`);
  if (oldSize === 0 || oldSize === newSize) {
    need(proof.length === 0, () => `a proof of ${proof.length} hashes where none is expected`);
    if (oldSize !== newSize) needHashes(newRoot);
    return;
  }
  needHashes(oldRoot, newRoot, ...proof);
  const { level, index } = lastSubtree(oldSize);
  const inner = levelsApart(index, Math.floor((newSize - 1) / 2 ** level));
  const length = inner + bitCount(Math.floor(index / 2 ** inner)) + (index === 0 ? 0 : 1);
  need(proof.length === length, () => `a proof of ${proof.length} hashes where ${length} are expected`);
  // a perfect old tree is itself the first node, so the proof leaves it out
  const [seed, path] = index === 0 ? [oldRoot, proof] : [proof[0], proof.slice(1)];
  let oldNode = seed;
  let newNode = seed;
  let place = index;
  for (const [height, sibling] of path.entries()) {
    if (height >= inner || odd(place)) {
      oldNode = await nodeHash(sibling, oldNode);
      newNode = await nodeHash(sibling, newNode);
    } else {
      newNode = await nodeHash(newNode, sibling); // to the right, outside the old tree
    }
    place = half(place);
  }
  need(same(oldNode, oldRoot), () => `the proof leads to the old root ${hex(oldNode)}, not to ${hex(oldRoot)}`);
  need(same(newNode, newRoot), () => `the proof leads to the new root ${hex(newNode)}, not to ${hex(newRoot)}`);
}

/**
 * The consistency proof of RFC 9162 §2.1.4 from the roots of perfect subtrees of the new tree.
 * @param {number} oldSize @param {number} newSize @param {NodeReader} node
 * @returns {Promise<Uint8Array[]>}
 */
export async function consistencyProof(oldSize, newSize, node) {
  if (oldSize === 0 || oldSize === newSize) return [];
  const { level, index } = lastSubtree(oldSize);
  const path = await pathTo(level, index, newSize, node);
  return index === 0 ? path : [await node(level, index), ...path];
}

/** The last, smallest maximal perfect subtree of a tree. @param {number} size */
function lastSubtree(size) {
  let level = 0;
  let rest = size;
  for (; !odd(rest); rest = half(rest)) level++;
  return { level, index: rest - 1 };
}

/**
 * Siblings from a perfect subtree to the root.
 * @param {number} level @param {number} index @param {number} size @param {NodeReader} node
 */
async function pathTo(level, index, size, node) {
  const path = [];
  let last = Math.floor((size - 1) / 2 ** level); // the subtree of this level that holds the last leaf
  while (last > 0) {
    const sibling = odd(index) ? index - 1 : index + 1;
    if (sibling < last) path.push(await node(level, sibling));
    else if (sibling === last) path.push(await rangeRoot(sibling * 2 ** level, size, node));
    // else: the node is on the right edge without a partner and moves up unchanged
    level++;
    index = half(index);
    last = half(last);
  }
  return path;
}

/** Root over the leaves [begin, end), where `begin` is a multiple of a power of two ≥ end - begin. @param {number} begin @param {number} end @param {NodeReader} node */
async function rangeRoot(begin, end, node) {
  const roots = [];
  while (begin < end) {
    const level = bitLength(end - begin) - 1;
    roots.push(await node(level, begin / 2 ** level));
    begin += 2 ** level;
  }
  let folded = /** @type {Uint8Array} */ (roots.pop());
  for (const root of roots.reverse()) folded = await nodeHash(root, folded);
  return folded;
}
