/** Where the vectors lie that the Python code is checked against, too. */

import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const VECTORS = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..", "vectors");

export const vector = (name) => new Uint8Array(readFileSync(join(VECTORS, name)));
export const text = (name) => readFileSync(join(VECTORS, name), "utf8");
export const json = (name) => JSON.parse(text(name));
export const probes = (kind) =>
  readdirSync(join(VECTORS, "merkle", kind), { recursive: true })
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => [name, json(`merkle/${kind}/${name}`)]);
