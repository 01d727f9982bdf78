/**
 * Which page shows `/ui/<log>/<name>/…`. A page is a module that is loaded when it is first shown:
 *
 *     export default function Page({ route }) { … }          the view; `route` as in route.js
 *     export const title = (route) => "Runs";                 optional: the title of the window
 *
 * `nav` puts it into the bar; `part` marks another page's entry there as the present one.
 */

/**
 * @typedef {object} PageModule
 * @property {(props: {route: import("./route.js").Route}) => any} default
 * @property {(route: import("./route.js").Route) => string} [title]
 */
/**
 * @typedef {object} PageEntry
 * @property {string} name
 * @property {() => Promise<PageModule>} load
 * @property {string} [nav]
 * @property {string} [part]
 */

/** @type {PageEntry[]} */
export const PAGES = [
  { name: "events", nav: "Events", load: () => import("./pages/events/page.js") },
  { name: "event", part: "events", load: () => import("./pages/event/page.js") },
  { name: "runs", nav: "Runs", load: () => import("./pages/runs/page.js") },
  { name: "run", part: "runs", load: () => import("./pages/run/page.js") },
  { name: "integrity", nav: "Integrity", load: () => import("./pages/integrity/page.js") },
  { name: "proof", part: "integrity", load: () => import("./pages/proof/page.js") },
  { name: "settings", nav: "Settings", load: () => import("./pages/settings/page.js") },
  { name: "start", part: "events", load: () => import("./pages/start/page.js") },
];

/** @type {PageEntry} */
export const LOGIN = { name: "login", load: () => import("./pages/login/page.js") };
