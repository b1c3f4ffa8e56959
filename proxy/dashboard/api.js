// Asking the admin server. Nothing is sent anywhere else.

let token = sessionStorage.getItem("token") || "";

export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

export function setToken(text) {
  token = text;
  sessionStorage.setItem("token", text);
}

function headers(more = {}) {
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

async function answerOf(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Refused(response.status, [body.error || `answer ${response.status}`, ...(body.errors || [])].join("\n"));
  }
  return body;
}

export async function get(path, query = {}) {
  const wanted = Object.entries(query).filter(([, value]) => value !== "" && value !== undefined);
  const text = new URLSearchParams(wanted).toString();
  return answerOf(await fetch(text ? `${path}?${text}` : path, { headers: headers() }));
}

export async function post(path, body) {
  return answerOf(await fetch(path, {
    method: "POST",
    headers: headers({ "Content-Type": "application/json" }),
    body: JSON.stringify(body),
  }));
}

// Server-Sent Events by fetch, for EventSource can show no token. Calls `each` with every record; returns when the
// connection ends.
export async function follow(path, each, opened) {
  const response = await fetch(path, { headers: headers() });
  if (!response.ok) throw new Refused(response.status, "the stream was refused");
  opened();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      for (const line of block.split("\n")) {
        if (line.startsWith("data: ")) each(JSON.parse(line.slice(6)));
      }
    }
  }
}
