/**
 * What differs, from the message of a failed comparison: `total_cents: 12900 ≠ 11610`. Pure.
 *
 * pytest begins its message with both sides, each cut in its middle, and says further down what differs: items of
 * dicts, places in lists, attributes of objects, items that only one side has. Any other message gives its first line.
 */

const MOST = 3;
const VALUE_CHARACTERS = 60;
const LINE_CHARACTERS = 300;
const KEY = /^('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[\w.+-]+): /;

/** @param {string} message of an error @returns {string} one line */
export function differenceOf(message) {
  const lines = message.split("\n").map((line) => line.trim());
  const first = lines.find(Boolean) ?? "";
  const found = differencesIn(lines);
  if (!found.length) return cut(first, LINE_CHARACTERS);
  const more = found.length > MOST ? ` and ${found.length - MOST} more` : "";
  const told = found.slice(0, MOST).join(", ") + more;
  // what a person wrote beside the assertion says more than the values do
  return /^(?:AssertionError: )?assert /.test(first) ? told : `${cut(first, LINE_CHARACTERS)}: ${told}`;
}

/** @param {string[]} lines @returns {string[]} */
function differencesIn(lines) {
  /** @type {string[]} */
  const found = [];
  let section = "";
  for (const line of lines) {
    const side = /^(Left|Right) contains (?:\d+|one) more items?:(.*)$/.exec(line);
    const index = /^At index (\d+) diff: (.+) != (.+)$/.exec(line);
    const drill = /^Drill down into differing attribute ([\w.]+):$/.exec(line);
    if (line === "Differing items:") section = "items";
    else if (drill) section = drill[1] ?? "";
    else if (index) found.push(`[${index[1]}]: ${cut(index[2] ?? "")} ≠ ${cut(index[3] ?? "")}`);
    else if (side) {
      section = side[2]?.trim() ? "" : `only ${side[1]?.toLowerCase()}`;
      if (!section) found.push(`only ${side[1]?.toLowerCase()}: ${cut(side[2]?.trim() ?? "")}`);
    } else if (section === "items") {
      const item = itemOf(line);
      if (item) found.push(item);
      else section = "";
    } else if (section.startsWith("only ")) {
      if (line.startsWith("{") && line.endsWith("}")) found.push(`${section}: ${cut(line.slice(1, -1))}`);
      section = "";
    } else if (section) {
      const value = /^([\w.]+): (.+) != (.+)$/.exec(line);
      if (value && value[1] === section) found.push(`${section}: ${cut(value[2] ?? "")} ≠ ${cut(value[3] ?? "")}`);
      section = "";
    }
  }
  return found;
}

/** @param {string} line `{'a': 1} != {'a': 2}` @returns {string | null} `a: 1 ≠ 2` */
function itemOf(line) {
  if (!line.startsWith("{") || !line.endsWith("}")) return null;
  const key = KEY.exec(line.slice(1))?.[0];
  if (!key) return null;
  const middle = `} != {${key}`;
  const at = line.indexOf(middle);
  if (at < 0) return null;
  return `${nameOf(key.slice(0, -2))}: ${cut(line.slice(1 + key.length, at))} ≠ ${cut(line.slice(at + middle.length, -1))}`;
}

/** @param {string} key as Python shows it @returns {string} without quotes, where they tell nothing */
const nameOf = (key) => /^['"]([A-Za-z_][\w.-]*)['"]$/.exec(key)?.[1] ?? key;

/** @param {string} text @param {number} [most] */
const cut = (text, most = VALUE_CHARACTERS) => (text.length > most ? `${text.slice(0, most)}…` : text);
