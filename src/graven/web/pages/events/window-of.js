/** Which rows of a long list are to be drawn. Pure. */

export const AROUND = 8;

/**
 * @param {{top: number, height: number, rowHeight: number, count: number}} view  pixels
 * @returns {{from: number, to: number, first: number, last: number}} rows to draw (`to` exclusive), and those in sight
 */
export function windowOf({ top, height, rowHeight, count }) {
  const first = Math.min(Math.max(0, Math.floor(top / rowHeight)), Math.max(0, count - 1));
  const last = Math.min(count - 1, Math.floor((top + height - 1) / rowHeight));
  return { from: Math.max(0, first - AROUND), to: Math.min(count, last + 1 + AROUND), first, last };
}

/**
 * @param {number} position
 * @param {{top: number, height: number, rowHeight: number}} view
 * @returns {number} how far the list must be scrolled so that the row is in sight
 */
export function revealing(position, { top, height, rowHeight }) {
  const start = position * rowHeight;
  if (start < top) return start;
  return start + rowHeight > top + height ? start + rowHeight - height : top;
}
