/** Lines to copy, for this server and log. Pure text; tests run them. */

/** @typedef {{server: string, log: string, token: string}} Place  an empty token leaves a name to fill in */
/** @typedef {{name: string, title: string, about: string, snippets: (place: Place) => Array<{label: string, text: string}>}} Source */

/** @param {Place} place */
const exports_ = ({ server, log, token }) =>
  [`export GRAVEN_SERVER=${server}`, `export GRAVEN_TOKEN=${token || "grv_…   # a token with the role recorder"}`, ...(log === "default" ? [] : [`export GRAVEN_LOG=${log}`])].join("\n");

/** @type {Source[]} */
export const SOURCES = [
  {
    name: "pytest",
    title: "pytest",
    about: "Every test leaves what it was given, what it did and why it failed. The plugin does nothing without --graven. Graven is installed from its clone: pip install PATH.",
    snippets: (place) => [{ label: "in a terminal, beside the tests", text: `${exports_(place)}\npytest --graven` }],
  },
  {
    name: "curl",
    title: "curl",
    about: "Plain HTTP is enough. The answer comes when the event is on disk for good; the same Idempotency-Key with the same body records nothing twice.",
    snippets: (place) => [
      {
        label: "in a terminal",
        text: `${exports_(place)}
curl --fail --silent --show-error "$GRAVEN_SERVER/v1/logs/${place.log}/events" \\
  -H "Authorization: Bearer $GRAVEN_TOKEN" -H "Content-Type: application/json" -H "Idempotency-Key: first-steps-1" \\
  -d '{"action": "order.create", "actor": {"id": "alice"}, "targets": [{"type": "order", "id": "42"}]}'`,
      },
    ],
  },
  {
    name: "sdk",
    title: "Python",
    about: "The client batches in the background, retries, keeps what the server cannot take on disk, and never blocks or breaks the application.",
    snippets: (place) => [
      { label: "in a terminal", text: exports_(place) },
      {
        label: "in the application",
        text: `import graven

with graven.Client() as client:
    client.record("order.create", actor="alice", targets=[{"type": "order", "id": "42"}],
                  input={"sku": "LAMP-1", "quantity": 2}, output={"status": 201})`,
      },
    ],
  },
  {
    name: "k8s",
    title: "Kubernetes",
    about: "The API server sends its audit log itself. It must reach this server, and believes its certificate only if the file names the authority.",
    snippets: ({ server, log, token }) => [
      {
        label: "graven-webhook.yaml, on the control plane",
        text: `apiVersion: v1
kind: Config
clusters:
- name: graven
  cluster:
    server: ${server}/k8s/${log}/audit
users:
- name: apiserver
  user:
    token: ${token || "grv_…"}
contexts:
- name: graven
  context: {cluster: graven, user: apiserver}
current-context: graven`,
      },
      { label: "graven-policy.yaml, what is recorded", text: `apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata` },
      { label: "flags of kube-apiserver", text: `--audit-policy-file=/etc/kubernetes/graven-policy.yaml\n--audit-webhook-config-file=/etc/kubernetes/graven-webhook.yaml` },
    ],
  },
];
