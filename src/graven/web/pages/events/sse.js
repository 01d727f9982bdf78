/** Server-Sent Events out of a stream of text: feed pieces, get events. Pure. */

/** @typedef {{event: string, data: string, id: string}} Message */

export class SseParser {
  #rest = "";
  #event = "";
  /** @type {string[]} */
  #data = [];
  #id = "";

  /** @param {string} text @returns {Message[]} the events that it completes */
  feed(text) {
    /** @type {Message[]} */
    const messages = [];
    const whole = this.#rest + text;
    // a lone CR at the end may be half of CRLF
    const lines = whole.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (this.#data.length) messages.push({ event: this.#event || "message", data: this.#data.join("\n"), id: this.#id });
        this.#event = "";
        this.#data = [];
      } else this.#field(line);
    }
    return messages;
  }

  /** @param {string} line */
  #field(line) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.#event = value;
    else if (name === "data") this.#data.push(value);
    else if (name === "id" && !value.includes("\0")) this.#id = value;
  }
}
