/** Proofs that other implementations agreed on, good and bad, and proofs made from tiles for all sizes of a small log. */

import assert from "node:assert/strict";
import test from "node:test";

import { Tampered, decodeBase64, encodeUtf8 } from "../../../../src/graven/web/proof/encoding.js";
import { engine, leafHash, perfectRoot } from "../../../../src/graven/web/proof/hashing.js";
import { climb, consistencyProof, verifyConsistency, verifyInclusion } from "../../../../src/graven/web/proof/merkle.js";
import { tileNodeReader, tilePath } from "../../../../src/graven/web/proof/tiles.js";
import { json, probes, vector } from "./vectors.js";

const bytes = (encoded) => Uint8Array.from(Buffer.from(encoded ?? "", "base64"));
const hashes = (probe) => (probe.proof ?? []).map(bytes);
const judged = async (probe, run) => (probe.wantErr ? assert.rejects(run, Tampered) : run());

test("all probes are there", () => {
  assert.deepEqual([probes("inclusion").length, probes("consistency").length], [98, 98]);
});

for (const [name, probe] of probes("inclusion"))
  test(`inclusion ${name}`, () =>
    judged(probe, async () => verifyInclusion(probe.leafIdx, probe.treeSize, bytes(probe.leafHash), hashes(probe), bytes(probe.root))));

for (const [name, probe] of probes("consistency"))
  test(`consistency ${name}`, () =>
    judged(probe, async () => verifyConsistency(probe.size1, probe.size2, hashes(probe), bytes(probe.root1), bytes(probe.root2))));

test("without WebCrypto the vendored hash gives the same verdicts", async () => {
  const { subtle } = engine;
  engine.subtle = undefined;
  try {
    for (const [, probe] of probes("consistency").slice(0, 20))
      await judged(probe, async () => verifyConsistency(probe.size1, probe.size2, hashes(probe), bytes(probe.root1), bytes(probe.root2)));
  } finally {
    engine.subtle = subtle;
  }
});

const LEAVES = await Promise.all(Array.from({ length: 300 }, (_, at) => leafHash(encodeUtf8(`entry-${at}`))));

/** Root of the leaves [begin, end) by the definition of RFC 9162, the slow way. */
async function reference(begin, end) {
  const count = end - begin;
  if (count === 1) return LEAVES[begin];
  let split = 1;
  while (split * 2 < count) split *= 2;
  const both = new Uint8Array(64);
  both.set(await reference(begin, begin + split), 0);
  both.set(await reference(begin + split, end), 32);
  return perfectRoot(both);
}

const tileOf = (size) => async (path) => {
  const [, level, index] = /^tile\/(\d+)\/(\d+)/.exec(path);
  const step = 256 ** Number(level);
  const first = Number(index) * 256;
  const width = Math.min(256, Math.floor(size / step) - first);
  assert.equal(path, tilePath(Number(level), Number(index), width));
  const tile = new Uint8Array(width * 32);
  for (let at = 0; at < width; at++) tile.set(step === 1 ? LEAVES[first + at] : await reference((first + at) * step, (first + at + 1) * step), at * 32);
  return tile;
};

test("consistency proofs made from tiles verify for pairs of sizes up to 300, and only with the right roots", async () => {
  const sizes = [1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 65, 127, 128, 200, 255, 256, 257, 258, 299, 300];
  const roots = new Map(await Promise.all(sizes.map(async (size) => [size, await reference(0, size)])));
  for (const size of sizes) {
    const node = tileNodeReader(size, tileOf(size));
    for (const old of sizes.filter((one) => one <= size)) {
      const proof = await consistencyProof(old, size, node);
      await verifyConsistency(old, size, proof, roots.get(old), roots.get(size));
      if (old < size) await assert.rejects(verifyConsistency(old, size, proof, roots.get(size), roots.get(size)), Tampered);
    }
  }
});

test("the consistency proof of the shared log from 200 to 300 is the one in the vectors", async () => {
  const body = Buffer.from(vector("tlog300/add-checkpoint.200to300")).toString();
  const expected = body.slice(0, body.indexOf("\n\n")).split("\n").slice(1);
  const proof = await consistencyProof(200, 300, tileNodeReader(300, async (path) => vector(`tlog300/${path}`)));
  assert.deepEqual(proof.map((hash) => Buffer.from(hash).toString("base64")), expected);
});

test("every listed root up to 300 comes out", async () => {
  for (const [size, root] of Object.entries(json("tlog300/keys_roots.json").roots_entry_i))
    if (Number(size) > 0 && Number(size) <= 300) assert.deepEqual(await reference(0, Number(size)), decodeBase64(root));
});

test("climbing says each step and the side of each sibling", async () => {
  const { steps } = await climb(5, 7, LEAVES[5], [LEAVES[4], LEAVES[6], await reference(0, 4)]);
  assert.deepEqual(steps.map((step) => step.side), ["left", "right", "left"]);
});

test("paths of tiles group digits in threes", () => {
  assert.equal(tilePath(0, 5, 256), "tile/0/005");
  assert.equal(tilePath(0, 1234067, 256), "tile/0/x001/x234/067");
  assert.equal(tilePath(2, 1000, 3), "tile/2/x001/000.p/3");
});

test("a tile of the wrong length is refused", async () => {
  const node = tileNodeReader(300, async () => new Uint8Array(31));
  await assert.rejects(node(0, 0), Tampered);
});
