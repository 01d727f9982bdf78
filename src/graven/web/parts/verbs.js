/**
 * Dotted action names as English verbs: `order.create` → created order; `user.change_address` → changed address of user.
 *
 * Only words in the list below are taken for verbs: a name that ends in another word (`job.status`) stays as it is,
 * which reads better than a past tense of a noun.
 */

const IRREGULAR = /** @type {Record<string, string>} */ ({
  become: "became",
  begin: "began",
  bind: "bound",
  break: "broke",
  bring: "brought",
  build: "built",
  buy: "bought",
  catch: "caught",
  choose: "chose",
  cut: "cut",
  do: "did",
  draw: "drew",
  feed: "fed",
  find: "found",
  forget: "forgot",
  freeze: "froze",
  get: "got",
  give: "gave",
  go: "went",
  hide: "hid",
  hold: "held",
  keep: "kept",
  leave: "left",
  lend: "lent",
  lose: "lost",
  make: "made",
  meet: "met",
  overwrite: "overwrote",
  pay: "paid",
  put: "put",
  quit: "quit",
  read: "read",
  rebuild: "rebuilt",
  reset: "reset",
  rewrite: "rewrote",
  run: "ran",
  seal: "sealed",
  see: "saw",
  sell: "sold",
  send: "sent",
  set: "set",
  ship: "shipped",
  shut: "shut",
  speak: "spoke",
  spend: "spent",
  split: "split",
  take: "took",
  tell: "told",
  unbind: "unbound",
  undo: "undid",
  unset: "unset",
  win: "won",
  withdraw: "withdrew",
  write: "wrote",
  login: "logged in to",
  logout: "logged out of",
  list: "listed",
  exec: "ran a command in",
});

const REGULAR = new Set(
  `abort accept acknowledge acquire activate add adjust adopt alert allocate allow amend answer append apply approve archive
  ask assign attach audit authenticate authorize award backup ban bill block book bump call cancel capture change charge
  check claim clear clone close collect commit compare complete compute configure confirm connect consume convert copy correct count
  crash create debit credit decide decline decrypt deduct define delete deliver demote deny deploy deprecate detach detect
  disable discard disconnect dismiss dispatch display download drain drop edit elect email emit enable encrypt end enqueue
  enter escalate evaluate evict examine exchange execute exit expire explain export extend extract fail fetch fill finalize
  finish fire flag flush follow force fork forward fulfil fulfill generate grant handle ignore impersonate import increase
  index inform ingest initiate insert inspect install invalidate invite invoice invoke issue join kill label launch link
  load lock log lookup mark match merge migrate modify monitor mount move mute notify observe offer open order override pack park
  parse patch pause perform pick pin place plan poll post prepare print process produce promote propose prove provision prune
  publish pull purge push query queue raise reach reactivate rebase reboot receive recommend reconcile record recover redact
  redeem reduce refresh refund refuse register reindex reject release reload remind remove rename renew reopen replace replay
  reply report request requeue require reroute reschedule reserve resize resolve respond restart restore restrict resume
  retire retry return reveal revert review revoke rewind rollback rotate route sample save scale scan schedule scrape search
  select serve settle share show sign skip snooze spawn start stop store stream submit subscribe succeed suspend sweep switch sync tag
  tail test throttle toggle touch track transfer transform translate trigger trim unblock undeploy uninstall unlink unlock
  unmount unmute unpin unpublish unsubscribe untag update upgrade upload upsert use validate verify view visit vote wait warn
  watch`.split(/\s+/),
);
const DOUBLED = new Set("ban bump cancel pin unpin plan ship stop drop trim scan skip tag untag commit admit permit submit log".split(" "));
const ONE_CONSONANT = new Set(["bump"]);

/** @param {string} verb base form, lower case @returns {string} its simple past */
export function past(verb) {
  const known = IRREGULAR[verb];
  if (known) return known;
  if (verb === "lookup") return "looked up";
  if (verb === "backup") return "backed up";
  if (verb === "rollback") return "rolled back";
  if (verb === "deny") return "denied";
  if (verb.endsWith("e")) return `${verb}d`;
  if (/[^aeiou]y$/.test(verb)) return `${verb.slice(0, -1)}ied`;
  if (DOUBLED.has(verb) && !ONE_CONSONANT.has(verb)) return `${verb}${verb[verb.length - 1]}ed`;
  return `${verb}ed`;
}

/** @param {string} word @returns {boolean} whether it is known as a verb in its base form */
export function isVerb(word) {
  return Object.hasOwn(IRREGULAR, word) || REGULAR.has(word);
}

/**
 * @typedef {object} Action
 * @property {string} past `created`, `changed address of`; empty when the name has no verb
 * @property {string} base `create`, `change address of`
 * @property {string} noun what the name is about: `order`, `shop cart`; may be empty
 */

/** @type {Map<string, Action>} */
const known = new Map();

/** @param {string} name a dotted action @returns {Action} */
export function readAction(name) {
  const found = known.get(name);
  if (found) return found;
  const made = analyse(name);
  if (known.size < 4096) known.set(name, made);
  return made;
}

/** @param {string} name @returns {Action} */
function analyse(name) {
  const parts = name.split(".").filter(Boolean);
  const last = (parts.pop() ?? "").replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
  const words = last.split(/[_\-\s]+/).filter(Boolean);
  const [first = "", ...rest] = words;
  const noun = parts.join(" ").replace(/[_-]+/g, " ");
  const object = rest.join(" ");
  const link = object && noun ? `${object} of` : object;
  if (isVerb(first)) return { past: joined(past(first), link), base: joined(first, link), noun };
  const done = first.endsWith("ed") || Object.values(IRREGULAR).includes(first);
  if (done) return { past: joined(first, link), base: "", noun };
  return { past: "", base: "", noun };
}

/** @param {string} a @param {string} b */
const joined = (a, b) => (b ? `${a} ${b}` : a);
