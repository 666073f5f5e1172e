// The connection: one WebSocket that comes back by itself once the server answers again.

// The server's close codes after which nobody is brought back without asking: password, full, kicked, flood.
const FINAL_CODES = [4001, 4002, 4003, 4004];
const RETRY_MS = 2000;
const SEND_MS = 70;
const CELLS_A_MESSAGE = 64;

export class Link {
  /** `on` has hello, message, lost (the server is away) and ended(why, code) (it does not want us, for now). */
  constructor(on) {
    this.on = on;
    this._cells = [];
    this._place = null;
    setInterval(() => this._flush(), SEND_MS);
  }

  open(query) {
    this.close();
    this._query = new URLSearchParams(query).toString();
    this._connect();
  }

  close() {
    const socket = this._socket;
    clearTimeout(this._retry);
    this._socket = null;
    socket?.close(1000);
  }

  move(x, y) {
    this._place = { t: "move", x, y };
  }

  plant(x, y, kind) {
    this._cells.push([x, y, kind]);
  }

  chat(text) {
    this._send({ t: "chat", text });
  }

  _connect() {
    const address = new URL("play", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.search = this._query;
    const socket = (this._socket = new WebSocket(address));
    let refusal = "";
    this._cells = [];
    socket.onmessage = ({ data }) => {
      if (socket !== this._socket) return;
      const message = JSON.parse(data);
      if (message.t === "refused") refusal = message.why;
      else if (message.t === "hello") this.on.hello(message);
      else this.on.message(message);
    };
    socket.onclose = ({ code }) => {
      if (socket !== this._socket) return;
      this._socket = null;
      if (FINAL_CODES.includes(code)) this.on.ended(refusal, code);
      else {
        this.on.lost();
        this._wait();
      }
    };
  }

  // Asking for the status first keeps a sleeping server from being knocked at with half-made players.
  _wait() {
    clearTimeout(this._retry);
    this._retry = setTimeout(async () => {
      const awake = await fetch("status", { cache: "no-store" }).then((answer) => answer.ok, () => false);
      if (awake) this._connect();
      else this._wait();
    }, RETRY_MS);
  }

  _flush() {
    if (this._socket?.readyState !== WebSocket.OPEN) return;
    if (this._place) this._send(this._place);
    this._place = null;
    while (this._cells.length) this._send({ t: "plant", cells: this._cells.splice(0, CELLS_A_MESSAGE) });
  }

  _send(message) {
    if (this._socket?.readyState === WebSocket.OPEN) this._socket.send(JSON.stringify(message));
  }
}
