/** RFC 6902: a patch carried out, and said in words. Pure; values are plain JSON. */

/** @typedef {{op: string, path: string, value?: unknown, from?: string}} Operation */

/** @param {string} pointer RFC 6901 @returns {string[]} */
export const steps = (pointer) =>
  pointer === "" ? [] : pointer.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));

/** @param {unknown} patch @returns {patch is Operation[]} */
export const isPatch = (patch) =>
  Array.isArray(patch) && patch.every((one) => one && typeof one === "object" && typeof one.op === "string" && typeof one.path === "string");

/** @param {unknown} document @param {Operation[]} patch @returns {unknown} the changed copy; throws when the patch does not fit */
export function applyPatch(document, patch) {
  const root = { value: structuredClone(document) };
  for (const { op, path, value, from = "" } of patch) {
    if (op === "add") put(root, path, structuredClone(value), true);
    else if (op === "replace") put(root, path, structuredClone(value), false);
    else if (op === "remove") take(root, path);
    else if (op === "move") put(root, path, take(root, from), true);
    else if (op === "copy") put(root, path, structuredClone(look(root, from)), true);
    else if (op !== "test") throw new Error(`unknown operation ${op}`);
  }
  return root.value;
}

/** @param {{value: unknown}} root @param {string} path @returns {{holder: any, key: string}} */
function place(root, path) {
  /** @type {any} */
  let holder = root;
  let key = "value";
  for (const step of steps(path)) {
    holder = holder[key];
    if (holder === null || typeof holder !== "object") throw new Error(`no ${path}`);
    key = step;
  }
  return { holder, key };
}

/** @param {{value: unknown}} root @param {string} path @returns {unknown} */
function look(root, path) {
  const { holder, key } = place(root, path);
  if (!Object.hasOwn(holder, key)) throw new Error(`no ${path}`);
  return holder[key];
}

/** @param {{value: unknown}} root @param {string} path @param {unknown} value @param {boolean} insert */
function put(root, path, value, insert) {
  const { holder, key } = place(root, path);
  if (Array.isArray(holder)) {
    const at = key === "-" ? holder.length : Number(key);
    if (!Number.isInteger(at) || at < 0 || at > holder.length) throw new Error(`no ${path}`);
    holder.splice(at, insert ? 0 : 1, value);
  } else if (key === "__proto__") Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
  else holder[key] = value;
}

/** @param {{value: unknown}} root @param {string} path @returns {unknown} */
function take(root, path) {
  const found = look(root, path);
  const { holder, key } = place(root, path);
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
  return found;
}

const WORDS = /** @type {Record<string, string>} */ ({ add: "added", remove: "removed", replace: "set", move: "moved", copy: "copied", test: "was" });

/** @param {Operation} operation @returns {{verb: string, what: string, link: string, value: string}} `set` `status` `to` `"paid"` */
export function said({ op, path, value, from }) {
  const what = steps(path).join(" › ") || "the whole";
  const verb = WORDS[op] ?? op;
  if (from !== undefined) return { verb, what: steps(from).join(" › "), link: "to", value: what };
  if (op === "remove") return { verb, what, link: "", value: "" };
  return { verb, what, link: op === "replace" ? "to" : "=", value: JSON.stringify(value) ?? "" };
}
