/**
 * JSON read lazily out of its bytes: nothing is parsed before it is looked at, and a number keeps its spelling.
 *
 * A node is a value's place: its kind and where it starts and ends. Finding the members of an object skips over their
 * values without making anything of them, about 300 MB/s. What skips more than a megabyte belongs into json-worker.js.
 */

/** @typedef {"object" | "array" | "string" | "number" | "true" | "false" | "null"} Kind */
/**
 * @typedef {object} Node
 * @property {Kind} kind
 * @property {number} start
 * @property {number} end  exclusive
 */
/** @typedef {Node & {key: string | number}} Child */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const decoder = new TextDecoder();

export class JsonSyntaxError extends Error {
  /** @param {number} at  position in bytes */
  constructor(at) {
    super(`not JSON at byte ${at}`);
    this.at = at;
  }
}

/** @param {number | undefined} byte */
const isSpace = (byte) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** @param {Uint8Array} bytes @param {number} at @returns {number} where the next byte stands that is no white space */
function skipSpace(bytes, at) {
  while (isSpace(bytes[at])) at += 1;
  return at;
}

/** @param {Uint8Array} bytes @param {number} at  of the opening quote @returns {number} behind the closing one */
function skipString(bytes, at) {
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at + 1);
    if (quote < 0) throw new JsonSyntaxError(at);
    let slashes = 0;
    while (bytes[quote - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
    at = quote;
  }
}

/** @param {Uint8Array} bytes @param {number} at  of `{` or `[` @returns {number} */
function skipContainer(bytes, at) {
  let depth = 0;
  for (let here = at; here < bytes.length; here += 1) {
    const byte = bytes[here];
    if (byte === QUOTE) here = skipShort(bytes, here) - 1;
    else if (byte === 0x7b || byte === 0x5b) depth += 1;
    else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1;
      if (depth === 0) return here + 1;
    }
  }
  throw new JsonSyntaxError(at);
}

/** As `skipString`, for the many short ones: a call of indexOf costs more than they do. @param {Uint8Array} bytes @param {number} at */
function skipShort(bytes, at) {
  const stop = Math.min(bytes.length, at + 64);
  for (let here = at + 1; here < stop; here += 1) {
    const byte = bytes[here];
    if (byte === BACKSLASH) return skipString(bytes, at);
    if (byte === QUOTE) return here + 1;
  }
  return skipString(bytes, at);
}

/** @param {Uint8Array} bytes @param {number} [at] @returns {Node} the value that begins there */
export function nodeAt(bytes, at = 0) {
  const start = skipSpace(bytes, at);
  switch (bytes[start]) {
    case 0x7b:
      return { kind: "object", start, end: skipContainer(bytes, start) };
    case 0x5b:
      return { kind: "array", start, end: skipContainer(bytes, start) };
    case QUOTE:
      return { kind: "string", start, end: skipString(bytes, start) };
    case 0x74:
      return { kind: "true", start, end: start + 4 };
    case 0x66:
      return { kind: "false", start, end: start + 5 };
    case 0x6e:
      return { kind: "null", start, end: start + 4 };
    default: {
      let end = start;
      while (end < bytes.length && !isSpace(bytes[end]) && bytes[end] !== COMMA && bytes[end] !== 0x5d && bytes[end] !== 0x7d) end += 1;
      if (end === start) throw new JsonSyntaxError(start);
      return { kind: "number", start, end };
    }
  }
}

/**
 * The members or elements of a container, one after another.
 * @param {Uint8Array} bytes
 * @param {Node} node
 * @param {{at: number, position: number}} [from]  where an earlier walk stopped
 * @returns {Generator<Child, void, void>}
 */
export function* walk(bytes, node, from) {
  let at = skipSpace(bytes, from?.at ?? node.start + 1);
  let position = from?.position ?? 0;
  while (at < node.end - 1) {
    /** @type {string | number} */
    let key = position;
    if (node.kind === "object") {
      const end = skipString(bytes, at);
      key = textOf(bytes, { kind: "string", start: at, end });
      at = skipSpace(bytes, end);
      if (bytes[at] !== 0x3a) throw new JsonSyntaxError(at);
      at += 1;
    }
    const value = nodeAt(bytes, at);
    yield { ...value, key };
    position += 1;
    at = skipSpace(bytes, value.end);
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
  }
}

/** @param {Uint8Array} bytes @param {Node} node @returns {string} a string's text, and the spelling of anything else */
export function textOf(bytes, node) {
  const raw = decoder.decode(bytes.subarray(node.start, node.end));
  return node.kind === "string" ? JSON.parse(raw) : raw;
}

/**
 * @param {Uint8Array} bytes @param {Node} node @param {number} most  characters
 * @returns {{text: string, cut: boolean}} the beginning of a value, without making the whole of it
 */
export function beginning(bytes, node, most) {
  const room = most * 6 + 8; // an escape takes six bytes
  if (node.end - node.start <= room) {
    const whole = textOf(bytes, node);
    return { text: whole.slice(0, most), cut: whole.length > most };
  }
  let raw = decoder.decode(bytes.subarray(node.start, node.start + room)).replace(/�+$/, "");
  if (node.kind !== "string") return { text: raw.slice(0, most), cut: true };
  raw = raw.replace(/\\(?:u[0-9a-fA-F]{0,3})?$/, (tail, at) => (isEscaped(raw, at) ? tail : ""));
  return { text: JSON.parse(`${raw}"`).slice(0, most), cut: true };
}

/** @param {string} raw @param {number} at @returns {boolean} whether the backslash there is itself escaped */
function isEscaped(raw, at) {
  let slashes = 0;
  while (raw[at - 1 - slashes] === "\\") slashes += 1;
  return slashes % 2 === 1;
}

/** @param {Uint8Array} bytes @param {(string | number)[]} path @param {Node} [root] @returns {Node | null} */
export function locate(bytes, path, root = nodeAt(bytes)) {
  /** @type {Node} */
  let node = root;
  for (const step of path) {
    /** @type {Node | null} */
    let next = null;
    if (node.kind === "object" || node.kind === "array") {
      for (const child of walk(bytes, node)) {
        if (child.key === step) {
          next = child;
          break;
        }
      }
    }
    if (!next) return null;
    node = { kind: next.kind, start: next.start, end: next.end };
  }
  return node;
}

/** @param {(string | number)[]} path @returns {string} as programs write it: `input.lines[0].sku` */
export function dotted(path) {
  return path.reduce((/** @type {string} */ made, step) => {
    if (typeof step === "number") return `${made}[${step}]`;
    if (/^[A-Za-z_$][\w$]*$/.test(step)) return made ? `${made}.${step}` : step;
    return `${made}[${JSON.stringify(step)}]`;
  }, "");
}
