/**
 * The row of a search as the calls answer it (docs/design/2026-11-27-index.md), in types.
 *
 * @typedef {{id: string, type?: string, name?: string}} Actor
 * @typedef {{id?: string, type?: string, name?: string}} Target
 * @typedef {{type?: string, message?: string}} RowError
 * @typedef {{protocol?: string, operation?: string, uri?: string, statement?: string}} Method
 * @typedef {{run?: string, suite?: string, test?: string, attempt?: number, phase?: string, status?: string,
 *   commit?: string, branch?: string, build?: string, environment?: string, release?: string}} Qa
 *
 * @typedef {object} Row
 * @property {number} index
 * @property {string | number} received
 * @property {string | number} [time]
 * @property {string} id
 * @property {string} source
 * @property {string} format
 * @property {number} [redacted]
 * @property {string} action
 * @property {string} [outcome]
 * @property {Actor} actor
 * @property {string | Actor[]} [behalf]
 * @property {Target[]} [targets]
 * @property {string} [message]
 * @property {string} [reason]
 * @property {RowError} [error]
 * @property {number} [duration_ns]
 * @property {number} [severity]
 * @property {Method} [method]
 * @property {Qa} [qa]
 * @property {string} [trace_id]
 * @property {string} [session]
 * @property {Record<string, string>} [labels]
 * @property {Record<string, string | number | boolean>} [attributes]  only of reads through the index: what was asked for
 */

export {};
