// The page: what was stopped, by whom, who is connected, which rules hold.
import { follow, get, post, Refused, setToken } from "./api.js";
import { showDetails } from "./details.js";
import { grantable, setUpGrants, showGrants } from "./grants.js";
import { $, age, bytes, cell, count, el, fill, foreign, when, who, words } from "./page.js";
import { bars, legend, ranking } from "./plot.js";

const PAGE = 100;               // rows that are fetched at once
const MOST_ROWS = 500;          // rows that are kept; older ones are fetched again when wanted
const REFRESH = 10_000;         // milliseconds between looks at what is no stream
const kinds = ["file-transfer", "photo-sharing", "sharing-folder", "display-picture", "custom-emoticon", "wink", "voice-clip",
  "background", "webcam", "voice", "activity", "whiteboard", "netmeeting", "app-sharing", "remote-assistance", "ink", "datacast",
  "direct-connection", "unknown-application"];
const decisions = ["transfer", "transport", "object"];

const state = { admin: false, newest: 0, oldest: 0 };

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
  showChecks(status);
  state.admin = status.you.role === "admin";
  $("reload").hidden = !state.admin;
  setUpGrants(state.admin, showGrants);
}

// What is checked, how it is, and whether that is well.
function checks(status) {
  const { audit, reloads } = status;
  const told = [["Audit log", audit.writable ? `${count(audit.seq)} records` : `cannot be written: ${audit.last_error}`, audit.writable]];
  if (audit.failures > 0) told.push(["Not written", `${count(audit.failures)} records, since the start: ${audit.last_error}`, false]);
  if (audit.rotation_error) told.push(["Its file", `cannot be closed: ${audit.rotation_error}`, false]);
  for (const one of audit.exports) {
    const well = one.connected && one.lost === 0;
    told.push([`Sent to ${one.to}`, `${one.connected ? "connected" : `not connected: ${one.last_error || "trying"}`}, ${count(one.behind)} records behind` +
      (one.lost > 0 ? `, ${count(one.lost)} lost` : "") + (one.retries > 0 ? `, ${count(one.retries)} retries` : ""), well]);
  }
  told.push(["Configuration", `read again ${count(reloads.done)} times` + (reloads.failed > 0 ? `, and ${count(reloads.failed)} times it was at fault` : ""),
    reloads.failed === 0]);
  return told;
}

function showChecks(status) {
  $("checks").replaceChildren(...checks(status).flatMap(([name, how, well]) => [el("dt", {}, words(name)),
    el("dd", { class: well ? "good" : "bad" }, el("span", { textContent: well ? "✓ " : "✗ ", "aria-hidden": "true" }),
      el("span", { class: "hidden", textContent: well ? "" : "Attention: " }), words(how))]));
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
  const buttons = [el("button", { textContent: "Details", "data-key": record.id, "aria-label": `Details of decision ${record.seq}`, onclick: () => showDetails(record) })];
  if (grantable(record)) {
    buttons.push(" ", el("button", { textContent: "Allow", "data-key": `${record.id} allow`, "aria-label": `Allow what decision ${record.seq} stopped`, onclick: () => showDetails(record, "grant-for") }));
  }
  return el("tr", {}, cell("", when(record.time)), cell("Action", el("span", { class: record.action, textContent: record.action })),
    cell("Who", who(record)), cell("What", record.kind),
    cell("File", file.name_shown === undefined ? "" : el("span", {}, foreign(file.name_shown), size)),
    cell("Rule", foreign(record.rule)), el("td", { class: "buttons" }, ...buttons));
}

async function showEvents(older = false) {
  const body = $("events").tBodies[0];
  const answer = await get("/api/v1/events", { ...filters(), limit: PAGE, before: older ? state.oldest : "" });
  const rows = answer.events.map(row);
  if (older) body.append(...rows);
  else fill(body, rows);
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
    const keys = () => [...$("events").tBodies[0].rows].map((one) => [one.querySelector("button").dataset.key, one]);
    const before = new Map(keys());
    await part(() => Promise.all([showEvents(), showOverview()]));
    for (const [key, one] of keys()) if (!before.has(key)) one.classList.add("fresh");
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

// ---- sessions, policy

async function showSessions() {
  const answer = await get("/api/v1/sessions");
  const order = answer.sessions.sort((one, other) => other.age_seconds - one.age_seconds);
  fill($("sessions").tBodies[0], order.slice(0, MOST_ROWS).map((one) => el("tr", {},
    cell("User", one.user === undefined ? el("span", { class: "quiet", textContent: "nobody yet" }) : foreign(one.user)),
    cell("With", foreign(one.peers.join(", "))), cell("Client", one.client), cell("Server", one.server),
    cell("Dialect", one.dialect === undefined ? "" : `MSNP${one.dialect}`),
    cell("Bytes from client", bytes(one.bytes_from_client), { class: "number" }),
    cell("Bytes from server", bytes(one.bytes_from_server), { class: "number" }),
    cell("Age", age(one.age_seconds), { class: "number" }),
    cell("", state.admin ? el("button", { textContent: "End", "data-key": one.client, "aria-label": `End the session of ${one.user || one.client}`,
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
