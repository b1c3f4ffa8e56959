// One decision: all that is recorded of it, why it came so, and what can be done.
import { get } from "./api.js";
import { offerGrant } from "./grants.js";
import { $, bytes, el, foreign, words } from "./page.js";

let shown = null;

function pairs(list, entries) {
  list.replaceChildren(...entries.filter(([, value]) => value !== undefined && value !== "").flatMap(([name, value]) =>
    [el("dt", { textContent: name }), el("dd", {}, value instanceof Node ? value : foreign(String(value)))]));
}

export function showDetails(record, focus) {
  const file = record.file || {};
  shown = record;
  $("explanation").replaceChildren();
  pairs($("details-list"), [["Time", record.time], ["Action", record.action], ["Why", record.reason], ["Rule", record.rule],
    ["Policy", record.policy], ["Kind", record.kind], ["Direction", record.direction], ["User", record.user],
    ["Peers", (record.peers || []).join(", ")], ["File", file.name_shown], ["Size", file.size === undefined ? "" : bytes(file.size)],
    ["Form", record.form], ["Client", record.client], ["Server", record.server], ["Dialect", record.dialect && `MSNP${record.dialect}`],
    ["Answer", record.answer], ["Detail", record.detail], ["Record", `${record.seq}, ${record.id}`]]);
  offerGrant(record);
  $("details").showModal();
  if (focus) $(focus).focus();
}

function step(one) {
  return el("li", { value: one.number }, words(one.rule), one.fits ? " fits" : " does not fit: ", one.fits ? "" : words(one.why));
}

// One explanation: the rules as they were asked, and what came of it.
function told(one) {
  const deciding = one.rules.at(-1);
  const by = deciding?.fits ? ["by rule ", words(one.rule)] : [words(one.why)];
  const skipped = one.rules.length > 0 ? one.rules[0].number - 1 : 0;
  return [el("p", {}, "With ", words(one.question.peer || "nobody known"), ": ", el("strong", { class: one.action, textContent: one.action }),
    ", ", ...by, "."),
  skipped > 0 ? el("p", { class: "quiet", textContent: `The first ${skipped} rules do not fit and are not shown.` }) : "",
  one.rules.length > 0 ? el("ol", {}, ...one.rules.map(step)) : ""].filter(Boolean);
}

function sameAs(one, other) {
  return one.policy === other.policy && one.rule === other.rule && one.action === other.action;
}

async function explanation(policy) {
  try {
    return await get("/api/v1/explain", { audit: shown.id, policy });
  } catch (error) {
    return { error };
  }
}

async function explain() {
  const record = shown;
  const [then, now] = await Promise.all([explanation("then"), explanation("now")]);
  if (record !== shown) return;
  const parts = [];
  if (then.error) {
    parts.push(el("p", { class: "notice", textContent: then.error.message }));
  } else {
    parts.push(el("h3", {}, "Policy ", words(then.recorded.policy), ", of its time"));
    if (then.recorded.rule.startsWith("grant ")) parts.push(el("p", {}, words(then.recorded.rule), " decided before all rules. Without it:"));
    parts.push(...then.explanations.flatMap(told));
  }
  if (now.error) {
    if (!then.error) parts.push(el("p", { class: "notice bad", textContent: now.error.message }));
  } else if (!then.error && now.explanations.every((one, index) => sameAs(one, then.explanations[index]))) {
    parts.push(el("p", { textContent: "The same offer now: decided the same." }));
  } else {
    parts.push(el("h3", {}, "The same offer now, policy ", words(now.explanations[0].policy)), ...now.explanations.flatMap(told));
  }
  $("explanation").replaceChildren(...parts);
}

$("explain").addEventListener("click", explain);
$("close").addEventListener("click", () => $("details").close());
// Back to where it was opened, though the rows may be other ones by now.
$("details").addEventListener("close", () => {
  if (document.activeElement === document.body) document.querySelector(`#events [data-key="${CSS.escape(shown.id)}"]`)?.focus();
});
