// The page's side of the loopback guild's HTTP and WebSocket. Every request is made as one person (`as`).

/** What went wrong, in the server's own sentence. */
export class Refused extends Error {}

export class Api {
  constructor(person) {
    this.person = person;
  }

  static people() {
    return request("GET", "/page/people");
  }

  state() {
    return this.#send("GET", "/page/state");
  }

  /** Messages of a channel, oldest first, older than `before` where given. */
  messages(channel, { before, limit = 50 } = {}) {
    return this.#send("GET", `/page/channels/${channel}/messages`, { before, limit });
  }

  post(channel, content, files = []) {
    const path = `/page/channels/${channel}/messages`;
    if (!files.length) return this.#send("POST", path, {}, { content });
    const form = new FormData();
    form.append("content", content);
    files.forEach((file) => form.append("files", file, file.name));
    return this.#send("POST", path, {}, form);
  }

  /** Wait for the bot's first answer: `{answer, message?, modal?, choices?, reason?}`. */
  interact(body, signal) {
    return this.#send("POST", "/page/interactions", {}, body, signal);
  }

  upload(file) {
    const form = new FormData();
    form.append("file", file, file.name);
    return this.#send("POST", "/page/files", {}, form);
  }

  remove(channel, message) {
    return this.#send("POST", `/page/channels/${channel}/delete-message`, {}, { message_id: message });
  }

  createChannel(name, type) {
    return this.#send("POST", "/page/channels", {}, { name, type });
  }

  /** In a forum a post, which begins with `content`. */
  createThread(channel, name, content = "") {
    return this.#send("POST", `/page/channels/${channel}/threads`, {}, { name, content });
  }

  editThread(thread, changes) {
    return this.#send("PATCH", `/page/channels/${thread}`, {}, changes);
  }

  deleteChannel(channel) {
    return this.#send("DELETE", `/page/channels/${channel}`);
  }

  plan(plan) {
    return this.#send("POST", "/page/planned", {}, plan);
  }

  editPlan(plan, changes) {
    return this.#send("PATCH", `/page/planned/${plan}`, {}, changes);
  }

  deletePlan(plan) {
    return this.#send("DELETE", `/page/planned/${plan}`);
  }

  createRole(name) {
    return this.#send("POST", "/page/roles", {}, { name });
  }

  deleteRole(role) {
    return this.#send("DELETE", `/page/roles/${role}`);
  }

  giveRole(person, role, taken) {
    return this.#send(taken ? "DELETE" : "PUT", `/page/members/${person}/roles/${role}`);
  }

  #send(method, path, query = {}, body = undefined, signal = undefined) {
    const parameters = new URLSearchParams({ as: this.person });
    for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, value);
    return request(method, `${path}?${parameters}`, body, signal);
  }
}

/**
 * Live events, with reconnect: `onopen` is called at every (re)connection, so that what was missed can be fetched;
 * `onevent(type, data)` for each frame; `ondown` when the connection is lost.
 */
export class Events {
  #socket = null;
  #tries = 0;
  #timer = 0;
  #closed = false;

  constructor(person, { onopen, onevent, ondown }) {
    this.person = person;
    this.handlers = { onopen, onevent, ondown };
    this.#connect();
    addEventListener("online", this.#now);
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    removeEventListener("online", this.#now);
    this.#socket?.close();
  }

  #now = () => {
    clearTimeout(this.#timer);
    if (!this.#closed && this.#socket?.readyState === WebSocket.CLOSED) this.#connect();
  };

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/page/events?as=${encodeURIComponent(this.person)}`);
    this.#socket = socket;
    socket.onopen = () => {
      this.#tries = 0;
      if (!this.#closed) this.handlers.onopen();
    };
    socket.onmessage = ({ data }) => {
      const { t, d } = JSON.parse(data);
      if (!this.#closed) this.handlers.onevent(t, d);
    };
    socket.onclose = () => {
      if (this.#closed) return;
      this.handlers.ondown();
      const delay = Math.min(4000, 250 * 2 ** this.#tries++) * (0.75 + Math.random() / 2);
      this.#timer = setTimeout(() => this.#connect(), delay);
    };
  }
}

async function request(method, path, body, signal) {
  const options = { method, signal };
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
    throw new Refused("The demo does not answer. Is it still running?");
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Refused(answer?.reason ?? `The demo answered ${response.status}.`);
  return answer;
}
