/**
 * What differs, out of the message of a failed comparison as pytest writes it: its first line shows both values cut in
 * the middle, and what differs stands lines further down. Pure; a message that is none of these stays as it is.
 */

const MOST = 3;
const READ_CHARACTERS = 20_000;
const LONG = 60;
const LEAD = 12;
const QUOTED = String.raw`'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"`;
const ITEM = new RegExp(String.raw`^\{(${QUOTED}|[^:{}'"]+): (.*)$`);
const ATTRIBUTE = /^([A-Za-z_]\w*): (.+) != (.+)$/;
const AT_INDEX = /^At index (\d+) diff: (.+) != (.+)$/;
const ONLY = /^(Left|Right) contains (?:one|\d+) more items?(?:, first extra item)?:\s*(.*)$/;

/** @param {string} message of an error @returns {string} `total_cents: 12900 ≠ 11610`, or the message where it says nothing of the kind */
export function gist(message) {
  const found = differing(message);
  if (!found) return message;
  const said = message.slice(0, Math.max(0, message.search(/^(?:E? +)?assert /m))).trim();
  return said ? `${found} – ${said}` : found;
}

/** @param {string} message of an error @returns {string} the same in one line, for a heading */
export function brief(message) {
  return gist(message).split("\n").find((line) => line.trim()) ?? "";
}

/** @param {string} message of an error @returns {string} what differs; empty where the message does not tell it */
export function differing(message) {
  const lines = message.slice(0, READ_CHARACTERS).split("\n").map((line) => line.replace(/^E? +/, "").trimEnd());
  const found = lines.flatMap((line, at) => told(line, lines, at));
  const rest = found.length - MOST;
  return found.slice(0, MOST).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

/** @param {string} line @param {string[]} lines @param {number} at @returns {string[]} what the line tells */
function told(line, lines, at) {
  if (line === "Differing items:") return items(lines, at + 1);
  if (/^Drill down into differing attribute /.test(line)) {
    const found = ATTRIBUTE.exec(lines[at + 1] ?? "");
    return found ? [unequal(found[1] ?? "", found[2] ?? "", found[3] ?? "")] : [];
  }
  const index = AT_INDEX.exec(line);
  if (index) return [unequal(`[${index[1]}]`, index[2] ?? "", index[3] ?? "")];
  const only = ONLY.exec(line);
  const what = only && (only[2] || lines[at + 1]);
  return only && what ? [`only ${only[1]?.toLowerCase()}: ${cut(what)}`] : [];
}

/** @param {string[]} lines @param {number} from @returns {string[]} of lines like `{'total': 1} != {'total': 2}` */
function items(lines, from) {
  const found = [];
  for (const line of lines.slice(from)) {
    const [, key = "", values = ""] = ITEM.exec(line) ?? [];
    const between = `} != {${key}: `;
    const at = values.indexOf(between);
    if (at < 0) break;
    const right = values.slice(at + between.length);
    found.push(unequal(/^['"]/.test(key) ? key.slice(1, -1) : key, values.slice(0, at), right.endsWith("}") ? right.slice(0, -1) : right));
  }
  return found;
}

/** Long values begin shortly before they differ. @param {string} name @param {string} left @param {string} right */
function unequal(name, left, right) {
  let same = 0;
  if (left.length > LONG || right.length > LONG) while (same < left.length && left[same] === right[same]) same += 1;
  const from = same > LEAD * 2 ? same - LEAD : 0;
  return `${name}: ${from ? "…" : ""}${cut(left.slice(from))} ≠ ${from ? "…" : ""}${cut(right.slice(from))}`;
}

/** @param {string} value */
const cut = (value) => (value.length > LONG ? `${value.slice(0, LONG)}…` : value);
