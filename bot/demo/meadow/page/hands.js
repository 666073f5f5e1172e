// Mouse, touch and keys, turned into walking, planting and zooming.

const KEYS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
  KeyA: [-1, 0], KeyD: [1, 0], KeyW: [0, -1], KeyS: [0, 1],
};
const PINCH_STEP = 1.22;

export class Hands {
  /** `on` has walk(cell), paint(x, y), zoom(steps), tool(number), talk() and used() (any sign of life). */
  constructor(canvas, scene, on) {
    this.scene = scene;
    this.on = on;
    this.walking = true; // what a click does: walk, or else paint
    this.hover = null;
    this.busy = false; // a stroke or a pinch is under way: the camera keeps still
    this._held = new Set();
    this._fingers = new Map();
    canvas.addEventListener("pointerdown", (event) => this._down(event));
    canvas.addEventListener("pointermove", (event) => this._move(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this._up(event));
    canvas.addEventListener("pointerleave", () => (this.hover = null));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => this._wheel(event), { passive: false });
    addEventListener("keydown", (event) => this._key(event));
    addEventListener("keyup", (event) => this._held.delete(event.code));
    addEventListener("blur", () => this._held.clear());
  }

  /** Where the held keys point, or null. */
  direction() {
    let [x, y] = [0, 0];
    for (const code of this._held) {
      x += KEYS[code][0];
      y += KEYS[code][1];
    }
    const length = Math.hypot(x, y);
    return length ? { x: x / length, y: y / length } : null;
  }

  _down(event) {
    event.target.setPointerCapture(event.pointerId);
    document.activeElement?.blur();
    this.on.used();
    this._fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.busy = true;
    this._last = this._pending = null;
    if (this._fingers.size > 1) {
      this._spread = this._distance();
      return;
    }
    // A first finger may be half of a pinch: it paints when it moves or lifts.
    if (event.pointerType === "touch") this._pending = event;
    else this._act(event);
  }

  _move(event) {
    if (event.pointerType !== "touch") this.hover = this.walking ? null : this._cell(event);
    const finger = this._fingers.get(event.pointerId);
    if (!finger) return;
    const moved = Math.hypot(event.clientX - finger.x, event.clientY - finger.y);
    if (this._fingers.size > 1) {
      Object.assign(finger, { x: event.clientX, y: event.clientY });
      this._pinch();
    } else if (!this._pending || moved > 7) {
      if (this._pending) this._act(this._pending);
      this._pending = null;
      if (this._spread === undefined) this._act(event);
    }
  }

  _up(event) {
    if (!this._fingers.delete(event.pointerId)) return;
    if (this._pending && event.type === "pointerup" && this._spread === undefined) this._act(this._pending);
    this._pending = null;
    if (this._fingers.size) return;
    this.busy = false;
    this._spread = undefined;
  }

  _act(event) {
    const place = this.scene.toCells(event.clientX, event.clientY);
    if (this.walking || event.buttons === 2) {
      this.on.walk(place);
      return;
    }
    const cell = this._cell(event);
    for (const [x, y] of between(this._last ?? cell, cell)) this.on.paint(x, y);
    this._last = cell;
  }

  _cell(event) {
    const { x, y } = this.scene.toCells(event.clientX, event.clientY);
    return { x: Math.floor(x), y: Math.floor(y) };
  }

  _distance() {
    const [a, b] = [...this._fingers.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  }

  _pinch() {
    const share = this._distance() / this._spread;
    if (share < PINCH_STEP && share > 1 / PINCH_STEP) return;
    this._spread = this._distance();
    this.on.zoom(share > 1 ? 1 : -1);
  }

  _wheel(event) {
    event.preventDefault();
    if (event.timeStamp - (this._wheeled ?? 0) < 90) return;
    this._wheeled = event.timeStamp;
    this.on.zoom(event.deltaY < 0 ? 1 : -1);
  }

  _key(event) {
    this.on.used();
    if (event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.code in KEYS) {
      event.preventDefault();
      this._held.add(event.code);
    } else if (/^Digit\d$/.test(event.code)) this.on.tool(Number(event.code.at(-1)));
    else if (event.key === "+" || event.key === "-") this.on.zoom(event.key === "+" ? 1 : -1);
    else if (event.key === "Enter" && !event.target.matches("button")) {
      event.preventDefault();
      this.on.talk();
    }
  }
}

function* between(from, to) {
  const steps = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  for (let i = 0; i <= steps; i++) {
    const share = steps ? i / steps : 0;
    yield [Math.round(from.x + (to.x - from.x) * share), Math.round(from.y + (to.y - from.y) * share)];
  }
}
