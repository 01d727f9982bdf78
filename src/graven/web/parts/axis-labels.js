/** Labels of a time axis that are drawn as a whole, or not at all. Pure. */

const CHARACTER_PIXELS = 6.4;
const GAP_PIXELS = 6;

/**
 * Labels stand in the middle of their places: one that would be cut at an edge, or touch the one before it, gives its
 * date away, and what is then still too long is left out.
 * @param {string[]} labels  `11-27 19:00`, or `19:00` @param {number[]} places  pixels from the left @param {number} width
 * @param {number} [character]  pixels of one
 * @returns {string[]}
 */
export function fitting(labels, places, width, character = CHARACTER_PIXELS) {
  let free = 0;
  return labels.map((label, at) => {
    const place = places[at] ?? 0;
    for (const shown of new Set([label, label.split(" ").at(-1) ?? label])) {
      const half = (shown.length * character) / 2;
      if (!shown || place - half < free || place + half > width) continue;
      free = place + half + GAP_PIXELS;
      return shown;
    }
    return "";
  });
}
