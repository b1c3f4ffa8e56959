// Permissions for a while: those that hold, giving one where something was stopped, revoking.
import { get, post } from "./api.js";
import { $, cell, el, fill, foreign, when, words } from "./page.js";

let grants = [];
let ours = { admin: false, changed: async () => {} };  // who asks, and what to do when one was given or revoked
let about = null;                                      // the decision whose grants are shown beside it

export function setUpGrants(admin, changed) {
  ours = { admin, changed };
}

function holdsFor(grant, peer) {
  return grant.peer === undefined || grant.peer === peer || (grant.peer.startsWith("*@") && peer.endsWith(grant.peer.slice(1)));
}

function concerning(record) {
  const peers = record.peers || [];
  return grants.filter((one) => one.user === record.user && (one.kinds || [record.kind]).includes(record.kind) &&
    (one.peer === undefined || peers.some((peer) => holdsFor(one, peer))));
}

function what(grant) {
  const parts = [...(grant.kinds || ["everything"]), ...(grant.names || [])];
  if (grant.direction) parts.push(`when they ${grant.direction}`);
  if (grant.max_size) parts.push(`up to ${grant.max_size}`);
  if (grant.once) parts.push("once");
  return parts.join(", ");
}

function revokeButton(grant) {
  return el("button", { type: "button", textContent: "Revoke", "data-key": grant.id,
    "aria-label": `Revoke the grant of ${grant.user}`, onclick: () => said(async () => {
      await post("/api/v1/grants/revoke", { id: grant.id });
      return "Revoked.";
    }) });
}

// Does it, and tells below the list and beside the decision what came of it.
async function said(work) {
  let text;
  try {
    text = await work();
    await ours.changed();
  } catch (error) {
    text = error.message;
  }
  $("grants-state").textContent = text;
  $("grant-said").textContent = text;
  // The button that was pressed may be gone.
  const nowhere = document.activeElement === document.body || document.activeElement === $("details");
  if (nowhere) ($("details").open ? $("grant-said") : $("grants-state")).focus();
}

export async function showGrants() {
  grants = (await get("/api/v1/grants")).grants;
  fill($("grants").tBodies[0], grants.map((one) => el("tr", {},
    cell("For", foreign(one.user)), cell("With", foreign(one.peer || "anybody")), cell("What", foreign(what(one))),
    cell("Until", when(one.until)), cell("By", foreign(one.by)), cell("", ours.admin ? revokeButton(one) : ""))));
  $("grants-state").textContent = grants.length === 0 ? "No grant is in force." : "";
  if (about) showGranted();
}

function showGranted() {
  fill($("granted"), concerning(about).map((one) => el("li", {}, "Allowed: ", words(what(one)), ", with ",
    words(one.peer || "anybody"), ", until ", when(one.until), " ", ours.admin ? revokeButton(one) : "")));
}

// A pattern for exactly this name; none for a name that is shown otherwise than it is written.
function patternFor(file) {
  if (!file || file.name === undefined || file.name !== file.name_shown || file.name.includes("\\")) return undefined;
  return file.name.replace(/[*?[\]]/g, "\\$&");
}

// What can be granted of this decision; asked for with the form beside it.
export function offerGrant(record) {
  about = record;
  const possible = grantable(record);
  $("grant").hidden = !possible;
  $("grant-said").textContent = "";
  showGranted();
  if (!possible) return;
  const once = record.kind !== "direct-connection";  // what passes on one cannot be counted
  const named = patternFor(record.file) !== undefined;
  $("grant-about").replaceChildren(`${record.kind}, ${record.direction === "receive" ? "received" : "sent"} by `, words(record.user),
    record.direction === "receive" ? " from " : " to ", words((record.peers || []).join(", ") || "anybody"));
  for (const [id, there] of [["grant-once", once], ["grant-named", named]]) {
    $(id).checked = there;
    $(id).parentElement.hidden = !there;
  }
  $("grant-name").textContent = named ? record.file.name : "";
}

export function grantable(record) {
  return ours.admin && record.action === "block" && Boolean(record.user) && !record.user.startsWith("hashed:");
}

$("grant").addEventListener("submit", (event) => {
  event.preventDefault();
  const record = about;
  const asked = { user: record.user, kinds: [record.kind], for: $("grant-for").value, once: $("grant-once").checked };
  if (record.direction) asked.direction = record.direction;
  if ($("grant-named").checked) asked.names = [patternFor(record.file)];
  said(async () => {
    // It passes only when every one of them may have it.
    for (const peer of record.peers?.length ? record.peers : [undefined]) await post("/api/v1/grants", { ...asked, peer });
    return "Granted. Let them offer it again.";
  });
});
