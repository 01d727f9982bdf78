/** The text of /metrics, as far as this page needs it. Pure. */

/** @typedef {{name: string, labels: Record<string, string>, value: number}} Sample */

/** @param {string} text @returns {Sample[]} */
export function parseMetrics(text) {
  /** @type {Sample[]} */
  const samples = [];
  for (const line of text.split("\n")) {
    const found = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (!found) continue;
    const [, name, inside = "", value] = found;
    const labels = Object.fromEntries([...inside.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text_]) => [key, text_.replace(/\\(.)/g, "$1")]));
    samples.push({ name, labels, value: Number(value.replace("+Inf", "Infinity")) });
  }
  return samples;
}

/** @param {Sample[]} samples @param {string} name @param {Record<string, string>} [labels] @returns {number | null} */
export function metric(samples, name, labels = {}) {
  const found = samples.find((one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value));
  return found ? found.value : null;
}

/** Sum over all labels; 0 when there is none. @param {Sample[]} samples @param {string} name */
export const total = (samples, name) => samples.filter((one) => one.name === name).reduce((sum, one) => sum + one.value, 0);

/** The bucket of a histogram in which a quantile lies: its upper border, null without samples. @param {Sample[]} samples @param {string} name @param {number} q */
export function quantile(samples, name, q) {
  const buckets = samples.filter((one) => one.name === `${name}_bucket`).map((one) => ({ le: Number(one.labels.le?.replace("+Inf", "Infinity")), count: one.value }));
  buckets.sort((one, other) => one.le - other.le);
  const all = buckets.at(-1)?.count ?? 0;
  return all ? (buckets.find(({ count }) => count >= q * all)?.le ?? null) : null;
}
