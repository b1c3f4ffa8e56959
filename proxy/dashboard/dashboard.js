// The page: what was stopped, by whom, who is connected, which rules hold.
import { follow, get, post, Refused, setToken } from "./api.js";
import { $, age, bytes, cell, count, el, foreign, when, who, words } from "./page.js";
import { bars, legend, ranking } from "./plot.js";

const PAGE = 100;               // rows that are fetched at once
const MOST_ROWS = 500;          // rows that are kept; older ones are fetched again when wanted
const REFRESH = 10_000;         // milliseconds between looks at what is no stream
const kinds = ["file-transfer", "photo-sharing", "sharing-folder", "display-picture", "custom-emoticon", "wink", "voice-clip",
  "background", "webcam", "voice", "activity", "whiteboard", "netmeeting", "app-sharing", "remote-assistance", "ink", "datacast",
  "direct-connection", "unknown-application"];
const decisions = ["transfer", "transport", "object"];

const state = { admin: false, grants: false, newest: 0, oldest: 0, shown: null };

function trouble(error) {
  const box = $("trouble");
  box.hidden = !error;
  if (!error) return;
  if (error instanceof Refused && error.status === 401) {
    $("login").hidden = false;
    $("main").hidden = true;
    return;
  }
  box.textContent = error instanceof Refused ? error.message : "The gateway does not answer. What is shown may be old.";
  if (!(error instanceof Refused)) {
    $("health").textContent = "no answer";
    $("health").className = "badge bad";
  }
}

// Runs one part of the page; what goes wrong is told, and the other parts go on.
async function part(work) {
  try {
    await work();
    return true;
  } catch (error) {
    trouble(error);
    return false;
  }
}

// ---- health

async function showStatus() {
  const status = await get("/api/v1/status");
  $("login").hidden = true;
  $("main").hidden = false;
  $("health").textContent = status.ready ? "ready" : `not ready: ${status.trouble}`;
  $("health").className = status.ready ? "badge good" : "badge bad";
  $("about").textContent = `version ${status.version}, running for ${age(status.uptime_seconds)}, policy ${status.policy}, ` +
    `${count(status.sessions.open)} of ${count(status.sessions.limit)} sessions. You are ${status.you.who} (${status.you.role}).`;
  state.admin = status.you.role === "admin";
  $("reload").hidden = !state.admin;
  const { routes } = await get("/api/v1");
  state.grants = routes.some((one) => one.path === "/api/v1/grants");
}

// ---- overview

function tile(title, number) {
  return el("div", {}, el("dt", { textContent: title }), el("dd", { textContent: count(number) }));
}

async function showOverview() {
  const summary = await get("/api/v1/summary", { hours: $("range").value });
  const { block, allow, observe, failure } = summary.totals;
  $("tiles").replaceChildren(tile("stopped", block), tile("allowed", allow), tile("observed", observe), tile("failures", failure),
    tile("sessions ended", summary.totals.session));
  $("plot").replaceChildren(bars(new Date(summary.from), summary.bucket_seconds, summary.buckets));
  $("plot-text").replaceChildren(...legend());
  if (block + allow + observe + failure === 0) $("plot-text").append(" Nothing was decided in this time.");
  $("kinds").replaceChildren(...ranking(summary.kinds, "Nothing was stopped."));
  $("users").replaceChildren(...ranking(summary.users, "Nobody's."));
  $("causes").replaceChildren(...ranking(summary.causes, "Nothing."));
}

// ---- decisions

function filters() {
  return { event: decisions.join(","), action: $("action").value, kind: $("kind").value, user: $("user").value.trim(),
    peer: $("peer").value.trim(), name: $("name").value.trim() };
}

function row(record) {
  const file = record.file || {};
  const size = file.size === undefined ? "" : ` (${bytes(file.size)})`;
  const details = el("button", { textContent: "Details", onclick: () => showDetails(record) });
  details.setAttribute("aria-label", `Details of decision ${record.seq}`);
  return el("tr", {}, cell("", when(record.time)), cell("Action", el("span", { class: record.action, textContent: record.action })),
    cell("Who", who(record)), cell("What", record.kind),
    cell("File", file.name_shown === undefined ? "" : el("span", {}, foreign(file.name_shown), size)),
    cell("Rule", foreign(record.rule)), cell("", details));
}

async function showEvents(older = false) {
  const body = $("events").tBodies[0];
  const answer = await get("/api/v1/events", { ...filters(), limit: PAGE, before: older ? state.oldest : "" });
  const rows = answer.events.map(row);
  if (older) body.append(...rows);
  else body.replaceChildren(...rows);
  if (answer.events.length > 0) state.oldest = answer.events.at(-1).seq;
  state.newest = Math.max(state.newest, answer.newest);
  $("older").hidden = !answer.more || body.rows.length >= MOST_ROWS;
  $("events-state").textContent = body.rows.length === 0 ? "Nothing fits. Good, or too narrow a search." :
    `${body.rows.length} shown${answer.more ? ", there are older ones" : ", and that is all"}.`;
}

let waiting = 0;  // decisions that came by the stream and are not in the table yet
let planned = null;

function heard(record) {
  state.newest = Math.max(state.newest, record.seq);
  if (!decisions.includes(record.event)) return;
  waiting += 1;
  // A flood of decisions is one change of the table a second, not a thousand.
  planned ??= setTimeout(async () => {
    const news = waiting;
    planned = null;
    waiting = 0;
    const before = new Set([...$("events").tBodies[0].rows].map((one) => one.cells[6].firstChild.getAttribute("aria-label")));
    await part(() => Promise.all([showEvents(), showOverview()]));
    for (const one of $("events").tBodies[0].rows) {
      if (!before.has(one.cells[6].firstChild.getAttribute("aria-label"))) one.classList.add("fresh");
    }
    $("news").textContent = `${count(news)} new ${news === 1 ? "decision" : "decisions"}.`;
  }, 1000);
}

async function listen() {
  for (;;) {
    try {
      await follow(`/api/v1/events/stream?after=${state.newest}`, heard, () => { $("live").textContent = "live"; });
    } catch {
      // Told below: a stream ends when the gateway restarts, too.
    }
    $("live").textContent = "not live: the stream is opened again";
    await new Promise((resolve) => { setTimeout(resolve, 3000); });
  }
}

// ---- one decision

function pairs(list, entries) {
  list.replaceChildren(...entries.filter(([, value]) => value !== undefined && value !== "").flatMap(([name, value]) =>
    [el("dt", { textContent: name }), el("dd", {}, value instanceof Node ? value : foreign(String(value)))]));
}

function showDetails(record) {
  const file = record.file || {};
  state.shown = record;
  $("explanation").replaceChildren();
  pairs($("details-list"), [["Time", record.time], ["Action", record.action], ["Why", record.reason], ["Rule", record.rule],
    ["Policy", record.policy], ["Kind", record.kind], ["Direction", record.direction], ["User", record.user],
    ["Peers", (record.peers || []).join(", ")], ["File", file.name_shown], ["Size", file.size === undefined ? "" : bytes(file.size)],
    ["Form", record.form], ["Client", record.client], ["Server", record.server], ["Dialect", record.dialect && `MSNP${record.dialect}`],
    ["Answer", record.answer], ["Detail", record.detail], ["Record", `${record.seq}, ${record.id}`]]);
  $("grant").hidden = !(state.admin && state.grants && record.action === "block" && record.user);
  $("details").showModal();
}

async function explain() {
  const record = state.shown;
  const file = record.file || {};
  const box = $("explanation");
  try {
    const answer = await get("/api/v1/explain", { user: record.user, peer: (record.peers || [])[0], kind: record.kind,
      direction: record.direction, name: file.name, size: file.size, client: (record.client || "").replace(/:\d+$/, "") });
    box.replaceChildren(el("p", {}, "Asked now, the policy in force says ", el("strong", { class: answer.action, textContent: answer.action }),
      ", by ", words(answer.rule), "."),
    el("ul", {}, ...answer.rules.map((one) => el("li", {}, words(one.name), `: ${one.why}`))));
  } catch (error) {
    box.replaceChildren(el("p", { class: "notice bad", textContent: error.message }));
  }
}

// ---- grants

async function showGrants() {
  if (!state.grants) return;
  const answer = await get("/api/v1/grants");
  $("grants-section").hidden = false;
  $("grants").tBodies[0].replaceChildren(...answer.grants.map((one) => el("tr", {},
    cell("For", foreign(one.user)), cell("With", foreign(one.peer || "anybody")),
    cell("What", foreign([...(one.kinds || ["everything"]), ...(one.names || [])].join(", ") + (one.once ? ", once" : ""))),
    cell("Until", when(one.until)), cell("By", foreign(one.by)),
    cell("", state.admin ? el("button", { textContent: "Revoke", "aria-label": `Revoke the grant of ${one.user}`,
      onclick: () => change("/api/v1/grants/revoke", { id: one.id }) }) : ""))));
  $("grants-state").textContent = answer.grants.length === 0 ? "No grant is in force." : "";
}

async function grant() {
  const record = state.shown;
  $("details").close();
  await change("/api/v1/grants", { user: record.user, peer: (record.peers || [])[0], kinds: [record.kind], for: "1h" });
}

// ---- sessions, policy

async function showSessions() {
  const answer = await get("/api/v1/sessions");
  const order = answer.sessions.sort((one, other) => other.age_seconds - one.age_seconds);
  $("sessions").tBodies[0].replaceChildren(...order.slice(0, MOST_ROWS).map((one) => el("tr", {},
    cell("User", one.user === undefined ? el("span", { class: "quiet", textContent: "nobody yet" }) : foreign(one.user)),
    cell("With", foreign(one.peers.join(", "))), cell("Client", one.client), cell("Server", one.server),
    cell("Dialect", one.dialect === undefined ? "" : `MSNP${one.dialect}`),
    cell("Bytes from client", bytes(one.bytes_from_client), { class: "number" }),
    cell("Bytes from server", bytes(one.bytes_from_server), { class: "number" }),
    cell("Age", age(one.age_seconds), { class: "number" }),
    cell("", state.admin ? el("button", { textContent: "End", "aria-label": `End the session of ${one.user || one.client}`,
      onclick: () => change("/api/v1/sessions/end", { client: one.client }) }) : ""))));
  const shown = Math.min(order.length, MOST_ROWS);
  $("sessions-state").textContent = answer.open === 0 ? "Nobody is connected." :
    shown < answer.open ? `${count(shown)} of ${count(answer.open)} shown.` : "";
}

function conditions(rule) {
  const parts = [["for", rule.users], ["with", rule.peers], ["on", rule.clients], ["kinds", rule.kinds], ["names", rule.names],
    ["at", rule.when]].filter(([, list]) => list).map(([word, list]) => `${word} ${list.join(", ")}`);
  if (rule.direction) parts.push(`when they ${rule.direction}`);
  if (rule.max_size !== undefined) parts.push(`up to ${bytes(rule.max_size)}`);
  if (rule.until) parts.push(`until ${rule.until}`);
  return parts.join("; ") || "always";
}

async function showPolicy() {
  const policy = await get("/api/v1/policy");
  const rows = policy.rules.map((rule, index) => el("tr", {}, el("td", { class: "number", textContent: index + 1 }),
    el("td", {}, foreign(rule.name)), el("td", { class: rule.action, textContent: rule.action }), el("td", {}, foreign(conditions(rule))),
    el("td", { class: "number", textContent: count(rule.hits) })));
  rows.push(el("tr", {}, el("td"), el("td", { textContent: "default" }), el("td", { class: policy.default, textContent: policy.default }),
    el("td", { textContent: "files, when no rule fits; the other kinds pass" }),
    el("td", { class: "number", textContent: count(policy.default_hits) })));
  $("rules").tBodies[0].replaceChildren(...rows);
  $("policy-about").textContent = `Revision ${policy.revision}, ${count(policy.rule_count)} ${policy.rule_count === 1 ? "rule" : "rules"}; counted since it came into force.` +
    (policy.rules.length < policy.rule_count ? ` The first ${count(policy.rules.length)} are shown.` : "");
}

async function change(path, body) {
  const done = await part(async () => {
    await post(path, body);
    trouble(null);
  });
  if (done) await refresh();
}

// ---- all of it

async function refresh() {
  const alive = await part(showStatus);
  if (!alive) return;
  const parts = [showOverview, showSessions, showPolicy, showGrants];
  const fine = await Promise.all(parts.map(part));
  if (fine.every(Boolean)) trouble(null);
}

$("kind").append(...kinds.map((kind) => el("option", { value: kind, textContent: kind })));
$("range").addEventListener("change", () => part(showOverview));
$("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  part(() => showEvents());
});
$("filters").addEventListener("reset", () => setTimeout(() => part(() => showEvents())));
for (const id of ["action", "kind"]) $(id).addEventListener("change", () => part(() => showEvents()));
$("older").addEventListener("click", () => part(() => showEvents(true)));
$("close").addEventListener("click", () => $("details").close());
$("explain").addEventListener("click", explain);
$("grant").addEventListener("click", grant);
$("reload").addEventListener("click", () => change("/api/v1/reload", {}));
$("login").addEventListener("submit", (event) => {
  event.preventDefault();
  setToken($("token").value.trim());
  start();
});

let started = false;
async function start() {
  await refresh();
  if (started || $("main").hidden) return;
  started = await part(() => showEvents());
  if (!started) return;
  listen();
  setInterval(() => { if (!document.hidden) refresh(); }, REFRESH);
}
start();
