// The grid as the page knows it, and the ground that follows from it: ponds and paths with soft shores.

const CHUNK = 16;

export class Land {
  constructor(width, height, rows = []) {
    this.width = width;
    this.height = height;
    this.cells = new Array(width * height).fill(".");
    this.planted = new Map(); // cell -> time in ms at which it was planted, for a short while
    this._chunks = new Map();
    rows.forEach((row, y) => [...row].forEach((kind, x) => (this.cells[y * width + x] = kind)));
    this.changes = 0;
  }

  at(x, y) {
    return x < 0 || y < 0 || x >= this.width || y >= this.height ? null : this.cells[y * this.width + x];
  }

  /** Returns whether anything changed. */
  set(x, y, kind, now) {
    const index = y * this.width + x;
    if (this.at(x, y) === null || this.cells[index] === kind) return false;
    this.cells[index] = kind;
    this.changes++;
    if (kind !== ".") this.planted.set(index, now);
    // A cell takes part in the squares to its west and north too.
    for (const dx of [0, -1]) for (const dy of [0, -1]) this._chunks.delete(chunkKey(x + dx, y + dy));
    return true;
  }

  /** 0 to 1, with a little spring: how far a plant has grown since it was planted. */
  grown(x, y, now) {
    const index = y * this.width + x;
    const since = this.planted.get(index);
    if (since === undefined) return 1;
    const t = (now - since) / 420;
    if (t >= 1) {
      this.planted.delete(index);
      return 1;
    }
    return 1 + 2.2 * (t - 1) ** 3 + 1.2 * (t - 1) ** 2;
  }

  /** The ground's outlines for the chunks that touch the given cells. */
  *outlines(left, top, right, bottom) {
    for (let cy = Math.floor(top / CHUNK); cy <= Math.floor(bottom / CHUNK); cy++) {
      for (let cx = Math.floor(left / CHUNK); cx <= Math.floor(right / CHUNK); cx++) {
        const key = `${cx},${cy}`;
        if (!this._chunks.has(key)) this._chunks.set(key, this._outline(cx * CHUNK, cy * CHUNK));
        const outline = this._chunks.get(key);
        if (outline) yield outline;
      }
    }
  }

  // `edge` is what has a shore, `inner` what lies wholly inside; both are to be filled.
  _outline(left, top) {
    const outline = { "~": shape(), "_": shape(), deep: shape() };
    let any = false;
    for (let y = top; y < top + CHUNK; y++) {
      for (let x = left; x < left + CHUNK; x++) {
        const corners = [this.at(x, y), this.at(x + 1, y), this.at(x + 1, y + 1), this.at(x, y + 1)];
        for (const kind of ["~", "_"]) {
          const inside = corners.map((corner) => corner === kind);
          if (!inside.includes(true)) continue;
          any = true;
          square(outline[kind], x + 0.5, y + 0.5, inside, 0.5);
          if (kind === "~") square(outline.deep, x + 0.5, y + 0.5, inside, 0.24);
        }
      }
    }
    return any ? outline : null;
  }
}

const CORNERS = [[0, 0], [1, 0], [1, 1], [0, 1]];

function shape() {
  return { edge: new Path2D(), inner: new Path2D() };
}

// Marching squares: the square between four cells' centres, of which some are `inside`. The shore lies `reach` from
// their centres, and its corners are round.
function square({ edge, inner }, x, y, inside, reach) {
  const count = inside.filter(Boolean).length;
  if (count === 4) {
    inner.rect(x, y, 1, 1);
    return;
  }
  let begun = false;
  const to = ([px, py]) => {
    if (begun) edge.lineTo(x + px, y + py);
    else edge.moveTo(x + px, y + py);
    begun = true;
  };
  const first = inside.indexOf(true);
  for (let n = 0; n < 4; n++) {
    const i = (first + n) % 4;
    if (!inside[i]) continue;
    to(CORNERS[i]);
    if (inside[(i + 1) % 4]) continue;
    let back = i + 1;
    while (!inside[back % 4]) back++;
    const entry = mix(CORNERS[back % 4], CORNERS[(back - 1) % 4], reach);
    to(mix(CORNERS[i], CORNERS[(i + 1) % 4], reach));
    if (back - i === 3) to(entry);
    else {
      const alone = back - i === 4;
      const bend = alone ? mix(CORNERS[i], CORNERS[(i + 2) % 4], reach) : mix(CORNERS[(i + 3) % 4], CORNERS[(i + 1) % 4], reach);
      edge.quadraticCurveTo(x + bend[0], y + bend[1], x + entry[0], y + entry[1]);
    }
  }
  edge.closePath();
}

function mix([ax, ay], [bx, by], share) {
  return [ax + (bx - ax) * share, ay + (by - ay) * share];
}

function chunkKey(x, y) {
  return `${Math.floor(x / CHUNK)},${Math.floor(y / CHUNK)}`;
}
