/**
 * Calls to the server. Every refusal is an `ApiError` with the code, message and hint of the one error shape.
 *
 * Some refusals also change the state of all pages: 401 shows the login, a server that does not answer and an index
 * that is away show a banner. Pages show the rest with `<Problem error=${error} />` of shell/parts.js.
 */

import { indexAway, loginReason, serverGone, session, sessionState } from "./state.js";

export class ApiError extends Error {
  /**
   * @param {number} status  0 when nothing answered
   * @param {{code?: string, message?: string, hint?: string, details?: Record<string, any>}} error
   */
  constructor(status, { code = "unknown", message = `the server answered ${status}`, hint = "", details = {} }) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.hint = hint;
    this.details = details;
  }
}

/**
 * @typedef {object} Options
 * @property {Record<string, string | number | boolean | null | undefined>} [query]
 * @property {AbortSignal} [signal]
 * @property {string} [accept]
 * @property {Record<string, string>} [headers]  besides those that every call has
 * @property {unknown} [body]  sent as JSON
 * @property {boolean} [quiet]  a 401 or a missing server is the caller's own matter
 */

/**
 * The response of a call that was answered; throws ApiError otherwise, and AbortError when `signal` ended it.
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 */
export async function call(method, path, { query = {}, signal, accept, headers: more = {}, body, quiet = false } = {}) {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, String(value));
  }
  /** @type {Record<string, string>} */
  const headers = { ...more, "X-Graven": "1" };
  if (accept) headers.Accept = accept;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  /** @type {Response} */
  let response;
  try {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const early = method === "GET" ? await asked(path) : undefined;
    response = early ?? (await fetch(url, { method, headers, signal: signal ?? null, body: sent ?? null, credentials: "same-origin" }));
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    if (!quiet) serverGone.value = true;
    throw new ApiError(0, {
      code: "server_gone",
      message: "the server does not answer",
      hint: "it may be stopped, or the network between is; this page asks again by itself",
    });
  }
  serverGone.value = false;
  if (response.ok) return response;
  const error = await refusal(response);
  if (error.status === 401 && !quiet) {
    if (session.value) loginReason.value = "The session has ended: it expired, or its token was revoked. Log in again to go on here.";
    session.value = null;
    sessionState.value = "out";
  }
  if (error.code === "index_away") indexAway.value = true;
  throw error;
}

/** What early.js asked for before there were modules: each answer serves once. @param {string} path @returns {Promise<Response | undefined> | undefined} */
function asked(path) {
  /** @type {Map<string, Promise<Response | undefined>> | undefined} */
  const early = Reflect.get(globalThis, "gravenAsked");
  const answer = early?.get(path);
  early?.delete(path);
  return answer;
}

/** @param {Response} response */
async function refusal(response) {
  try {
    const { error } = await response.json();
    return new ApiError(response.status, error);
  } catch {
    return new ApiError(response.status, {});
  }
}

/** @param {string} path @param {Options} [options] @returns {Promise<any>} */
export async function getJson(path, options) {
  return (await call("GET", path, options)).json();
}

/** @param {string} path @param {Options} [options] */
export async function getText(path, options) {
  return (await call("GET", path, options)).text();
}

/** @param {string} path @param {Options} [options] */
export async function getBytes(path, options) {
  return new Uint8Array(await (await call("GET", path, options)).arrayBuffer());
}

/**
 * POST, PUT or DELETE with a JSON body; gives the JSON of the answer, null when there is none.
 * @param {"POST" | "PUT" | "DELETE"} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {Options} [options]
 * @returns {Promise<any>}
 */
export async function send(method, path, body, options = {}) {
  const response = await call(method, path, body === undefined ? options : { ...options, body });
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

/** A call of one log: `inLog("default", "events", 5)` → `/v1/logs/default/events/5`. @param {string} log @param {...(string | number)} parts */
export function inLog(log, ...parts) {
  return ["/v1/logs", log, ...parts].map((part, at) => (at ? encodeURIComponent(part) : part)).join("/");
}
