/**
 * The live tail: a stream that reconnects by itself and resumes behind the last event it saw.
 *
 * Read with fetch rather than EventSource: the first request can say where to begin (`Last-Event-ID`), and a refusal
 * is seen with its code. Rows are handed over a few times a second, so that a burst renders once.
 */

import { ApiError, call } from "../../api.js";
import { SseParser } from "./sse.js";

/** @import {Row} from "../../parts/row.js" */
/** @typedef {"connecting" | "open" | "waiting" | "busy"} TailState */
/**
 * @typedef {object} TailOptions
 * @property {string} path
 * @property {Record<string, string>} query
 * @property {number} after  index of the last event that is there already; -1: from now on
 * @property {(rows: Row[]) => void} onRows  newest first
 * @property {(told: {indexed: number, skipped: number}) => void} onProgress  `skipped` since the last time
 * @property {(state: TailState) => void} onState
 * @property {(error: ApiError) => void} onRefused  asking again would not help
 */

export const MOST_PER_SECOND = 200;
const HAND_OVER_MS = 250;
const SILENCE_MS = 40_000;

/** @param {string} path @param {Record<string, string>} query @param {number} last @param {AbortSignal} signal */
async function opened(path, query, last, signal) {
  /** @type {Record<string, string>} */
  const headers = last >= 0 ? { "Last-Event-ID": String(last) } : {};
  const after = last >= 0 ? undefined : -1; // of an empty log: everything, and not what comes from now on
  const response = await call("GET", path, { query: { ...query, after, most: MOST_PER_SECOND }, headers, accept: "text/event-stream", signal });
  return /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body);
}

/** @param {TailOptions} options @returns {() => void} stops it */
export function follow({ path, query, after, onRows, onProgress, onState, onRefused }) {
  const controller = new AbortController();
  let last = after;
  let tries = 0;
  /** @type {Row[]} */
  let waiting = [];
  let timer = 0;

  const handOver = () => {
    timer = 0;
    const rows = waiting.reverse();
    waiting = [];
    if (rows.length && !controller.signal.aborted) onRows(rows);
  };

  /** @param {import("./sse.js").Message} message */
  const take = ({ event, data, id }) => {
    if (event === "row") {
      const row = /** @type {Row} */ (JSON.parse(data));
      if (row.index <= last) return;
      last = Math.max(row.index, Number(id) || 0);
      waiting.push(row);
      timer ||= window.setTimeout(handOver, HAND_OVER_MS);
    } else if (event === "progress") {
      const { indexed = 0, skipped = 0 } = JSON.parse(data);
      last = Math.max(last, Number(id) || 0);
      clearTimeout(timer);
      handOver(); // whoever hears how far it got has the rows up to there
      onProgress({ indexed, skipped });
    }
  };

  const once = async () => {
    const silence = new AbortController();
    const signal = AbortSignal.any([controller.signal, silence.signal]);
    const body = await opened(path, query, last, signal);
    onState("open");
    tries = 0;
    const parser = new SseParser();
    const decoder = new TextDecoder();
    const reader = body.getReader();
    let watchdog = 0;
    try {
      for (;;) {
        watchdog = window.setTimeout(() => silence.abort(), SILENCE_MS);
        const { done, value } = await reader.read();
        clearTimeout(watchdog);
        if (done) return;
        for (const message of parser.feed(decoder.decode(value, { stream: true }))) take(message);
      }
    } finally {
      clearTimeout(watchdog);
    }
  };

  const run = async () => {
    while (!controller.signal.aborted) {
      /** @type {TailState} */
      let state = "waiting";
      onState("connecting");
      try {
        await once();
      } catch (error) {
        if (controller.signal.aborted) return;
        if (error instanceof ApiError && error.status === 429) {
          state = "busy"; // others may close theirs
        } else if (error instanceof ApiError && error.status >= 400 && error.status < 500) {
          onRefused(error);
          return;
        }
      }
      if (controller.signal.aborted) return;
      onState(state);
      tries += 1;
      await new Promise((resolve) => setTimeout(resolve, Math.min(15_000, 500 * 2 ** Math.min(tries, 5))));
    }
  };

  void run();
  return () => {
    controller.abort();
    clearTimeout(timer);
  };
}
