/** Keys, notes, proof files and the comparison of checkpoints, on the log that six implementations accept. */

import assert from "node:assert/strict";
import test from "node:test";

import { compareCheckpoints } from "../../../../src/graven/web/proof/compare.js";
import { Tampered, decodeBase64, decodeDecimal, encodeUtf8 } from "../../../../src/graven/web/proof/encoding.js";
import { engine, leafHash, verifyEd25519 } from "../../../../src/graven/web/proof/hashing.js";
import { verifyInclusion } from "../../../../src/graven/web/proof/merkle.js";
import { openCheckpoint, parseKey, parseNote } from "../../../../src/graven/web/proof/note.js";
import { parseProof } from "../../../../src/graven/web/proof/proof_file.js";
import { json, text, vector } from "./vectors.js";

const KEYS = json("tlog300/keys_roots.json").keys;
const KEY = await parseKey(KEYS.log_vkey);
const AT = "2026-01-01T00:00:00Z";
const known = (name) => ({ key: KEYS.log_vkey, note: text(`tlog300/${name}`), at: AT });
const shown = (name) => ({ key: KEYS.log_vkey, note: text(`tlog300/${name}`) });
const tiles = async (path) => vector(`tlog300/${path}`);

async function withoutWebCrypto(run) {
  const { subtle } = engine;
  engine.subtle = undefined;
  try {
    await run();
  } finally {
    engine.subtle = subtle;
  }
}

for (const name of ["checkpoint", "checkpoint.200", "checkpoint.300.logonly", "checkpoint.300.all"])
  test(`${name} opens with the log's key, by WebCrypto and without`, async () => {
    const size = name.includes("200") ? 200 : 300;
    assert.equal((await openCheckpoint(vector(`tlog300/${name}`), KEY)).checkpoint.size, size);
    await withoutWebCrypto(async () => {
      const opened = await openCheckpoint(vector(`tlog300/${name}`), KEY);
      assert.deepEqual([opened.checkpoint.size, opened.by], [size, "noble-ed25519"]);
    });
  });

test("a checkpoint of another implementation opens", async () => {
  const key = await parseKey("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx");
  assert.equal((await openCheckpoint(vector("tessera-log/checkpoint.15"), key)).checkpoint.size, 15);
});

test("any changed byte of a checkpoint is refused, by both engines", async () => {
  const note = vector("tlog300/checkpoint.300.logonly");
  const all = async () => {
    for (let at = 0; at < note.length; at += 7) {
      const changed = note.slice();
      changed[at] ^= 1;
      await assert.rejects(openCheckpoint(changed, KEY), Tampered, `byte ${at}`);
    }
  };
  await all();
  await withoutWebCrypto(all);
});

test("junk behind a note, a witness's key and a key with a wrong id are refused", async () => {
  const note = vector("tlog300/checkpoint");
  assert.throws(() => parseNote(new Uint8Array([...note, 120])), Tampered);
  assert.throws(() => parseNote(new Uint8Array([...note, 10])), Tampered);
  await assert.rejects(parseKey(KEYS.w1_vkey), Tampered);
  await assert.rejects(parseKey(KEYS.log_vkey.replace(/\+[0-9a-f]{8}\+/, "+00000000+")), Tampered);
  await assert.rejects(openCheckpoint(vector("tessera-log/checkpoint.15"), KEY), Tampered);
});

test("one value has one spelling", () => {
  for (const bad of ["QQ", "QQ=", "QR==", "QQ==\n", " QQ==", "Q-=="]) assert.throws(() => decodeBase64(bad), Tampered, bad);
  for (const bad of ["", "01", "+1", "1_0", " 1", "1 ", "٣", "1e3", "9007199254740993", "99999999999999999999"])
    assert.throws(() => decodeDecimal(bad), Tampered, bad);
  assert.equal(decodeDecimal("9007199254740991"), Number.MAX_SAFE_INTEGER);
});

test("the proof of entry 257 verifies, and proves no other entry", async () => {
  const proof = parseProof(vector("tlog300/entry257.tlog-proof"));
  const { checkpoint } = await openCheckpoint(proof.checkpoint, KEY);
  const leaf = await leafHash(encodeUtf8("entry-257"));
  await verifyInclusion(proof.index, checkpoint.size, leaf, proof.hashes, checkpoint.root);
  const other = await leafHash(encodeUtf8("entry-256"));
  await assert.rejects(verifyInclusion(proof.index, checkpoint.size, other, proof.hashes, checkpoint.root), Tampered);
});

test("a proof file without its parts is refused", () => {
  const whole = text("tlog300/entry257.tlog-proof");
  for (const bad of [whole.replace("index", "Index"), whole.replace("@v1", "@v2"), whole.replace("\n\n", "\n"), whole.replace("index 257", "index 0257")])
    assert.throws(() => parseProof(encodeUtf8(bad)), Tampered);
});

test("no signature is valid for another message or key, nor one of a wrong length", async () => {
  const message = encodeUtf8("x");
  const zero = new Uint8Array(64);
  for (const engineOff of [false, true]) {
    const run = async () => {
      assert.equal((await verifyEd25519(KEY.public, message, zero)).valid, false);
      assert.equal((await verifyEd25519(KEY.public, message, new Uint8Array(63))).valid, false);
    };
    await (engineOff ? withoutWebCrypto(run) : run());
  }
});

test("a first checkpoint is taken, a grown log is consistent", async () => {
  const first = await compareCheckpoints(null, shown("checkpoint.200"), tiles);
  assert.deepEqual([first.status, first.first], ["ok", true]);
  const grown = await compareCheckpoints(known("checkpoint.200"), shown("checkpoint"), tiles);
  assert.deepEqual([grown.status, grown.first, grown.grown], ["ok", false, 100]);
  const same = await compareCheckpoints(known("checkpoint"), shown("checkpoint.300.logonly"), tiles);
  assert.deepEqual([same.status, same.grown], ["ok", 0]);
});

test("a validly signed other tree is a fork, of the same size and behind a smaller one", async () => {
  const same = await compareCheckpoints(known("checkpoint"), shown("fork300"), tiles);
  assert.deepEqual([same.status, same.kind], ["alarm", "fork"]);
  const grown = await compareCheckpoints(known("checkpoint.200"), shown("fork300"), tiles);
  assert.deepEqual([grown.status, grown.kind], ["alarm", "fork"]);
});

test("a smaller tree is a rollback", async () => {
  const verdict = await compareCheckpoints(known("checkpoint"), shown("checkpoint.200"), tiles);
  assert.deepEqual([verdict.status, verdict.kind], ["alarm", "rollback"]);
});

test("another key under the same origin is an alarm, and so is a bad signature", async () => {
  const { log_vkey: key } = KEYS;
  const other = await compareCheckpoints({ ...known("checkpoint"), key: `${key.slice(0, -2)}A=` }, shown("checkpoint"), tiles);
  assert.deepEqual([other.status, other.kind], ["alarm", "key"]);
  const unsigned = await compareCheckpoints(null, { key, note: text("tlog300/checkpoint").replace("300", "301") }, tiles);
  assert.deepEqual([unsigned.status, unsigned.kind], ["alarm", "signature"]);
});

test("a tile that cannot be had is no verdict", async () => {
  const gone = async () => {
    throw new TypeError("no network");
  };
  await assert.rejects(compareCheckpoints(known("checkpoint.200"), shown("checkpoint"), gone), TypeError);
});
