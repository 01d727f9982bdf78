/** Text to the clipboard, and what of an entry is worth copying: JSON, a call, a command, an address. */

/** @param {string} text */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // plain HTTP elsewhere than on this machine has no clipboard API
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "offscreen";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

/** @param {string} word @returns {string} the word as a shell takes it */
export const shellWord = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** @param {{origin: string, log: string, index: number}} entry @returns {string} a call that gives the exact bytes */
export function curlOf({ origin, log, index }) {
  const url = `${origin}/v1/logs/${encodeURIComponent(log)}/events/${index}`;
  return `curl -sS -H "Authorization: Bearer $GRAVEN_TOKEN" -H 'Accept: application/octet-stream' ${shellWord(url)}`;
}

/** @param {{origin: string, log: string, index: number}} entry @returns {string} */
export const commandOf = ({ origin, log, index }) => `graven show ${index}${log === "default" ? "" : ` --log ${shellWord(log)}`} --server ${shellWord(origin)}`;
