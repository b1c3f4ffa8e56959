// Making pieces of the page. Foreign text goes through textContent and nothing else.

export const $ = (id) => document.getElementById(id);

export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") made.className = value;
    else if (name.startsWith("data-") || name.startsWith("aria-")) made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== undefined && child !== ""));
  return made;
}

// What somebody else wrote: it stands for itself, whatever direction its letters run in.
export function foreign(text) {
  return el("bdi", { class: "foreign", textContent: text ?? "", title: (text ?? "").slice(0, 500) });
}

// The same within a sentence.
export function words(text) {
  return el("bdi", { textContent: text ?? "" });
}

export function cell(label, content, properties = {}) {
  return el("td", { "data-label": label, ...properties }, content ?? "");
}

// Other rows or entries in place of those that are there. Who stands on one of their buttons stays there.
export function fill(list, entries) {
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  list.replaceChildren(...entries);
  if (focused) list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

export function count(number) {
  return Number(number).toLocaleString("en");
}

export function bytes(number) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let size = number;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

export function age(seconds) {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} days`;
}

export function when(text) {
  const time = new Date(text);
  const pad = (number) => String(number).padStart(2, "0");
  const clock = `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}`;
  const today = new Date().toDateString() === time.toDateString();
  const date = `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`;
  return el("time", { dateTime: text, title: text, textContent: today ? clock : `${date} ${clock}` });
}

export function who(record) {
  const arrow = { send: " → ", receive: " ← " }[record.direction] || " – ";
  return el("span", { class: "who" }, foreign(record.user || "nobody yet"), arrow, foreign((record.peers || []).join(", ") || "nobody known"));
}
