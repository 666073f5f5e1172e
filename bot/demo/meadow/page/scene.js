// Draws the meadow: ground, plants, animals, weather, light, names. Knows nothing of the network or of the mouse.

import { drawAnimal } from "./animals.js";
import { SWAYING, VARIANTS, pictures } from "./plants.js";
import { SEASONS, chance, darkness, drawAir } from "./season.js";

const ZOOMS = [9, 12, 16, 20, 25, 31, 38, 46];
const WOOD = 4;
const FONT = '"Nunito", "Quicksand", ui-rounded, system-ui, "Segoe UI", "DejaVu Sans", sans-serif';
const still = matchMedia("(prefers-reduced-motion: reduce)");

export class Scene {
  constructor(canvas, land) {
    this.canvas = canvas;
    this.ctx = canvas.getContext("2d", { alpha: false });
    this.land = land;
    this.season = SEASONS.spring;
    this.zoom = innerWidth < 600 ? 4 : 5;
    this.camera = { x: land.width / 2, y: land.height / 2 };
    this.resize();
  }

  get cell() {
    return ZOOMS[this.zoom];
  }

  setSeason(name) {
    this.season = SEASONS[name] ?? SEASONS.spring;
    this._prepare();
  }

  zoomBy(steps) {
    const zoom = Math.min(ZOOMS.length - 1, Math.max(0, this.zoom + steps));
    if (zoom === this.zoom) return;
    this.zoom = zoom;
    this._prepare();
  }

  resize() {
    this.ratio = Math.min(2, devicePixelRatio || 1);
    this.canvas.width = Math.round(innerWidth * this.ratio);
    this.canvas.height = Math.round(innerHeight * this.ratio);
    this._prepare();
  }

  _prepare() {
    this.pictures = pictures(this.season, this.cell * this.ratio);
    this.turf = turf(this.ctx, this.season, this.cell * this.ratio);
  }

  /** CSS pixels to cells. */
  toCells(x, y) {
    return { x: this.camera.x + (x - innerWidth / 2) / this.cell, y: this.camera.y + (y - innerHeight / 2) / this.cell };
  }

  /** Bring the camera a little nearer to a place; `share` 1 jumps. */
  follow(place, share) {
    const halfWidth = innerWidth / this.cell / 2;
    const halfHeight = innerHeight / this.cell / 2;
    const x = clampView(place.x, halfWidth, this.land.width, 2.5, 2.5);
    const y = clampView(place.y, halfHeight, this.land.height, 3, 5);
    this.camera.x += (x - this.camera.x) * share;
    this.camera.y += (y - this.camera.y) * share;
  }

  /** One frame. `animals` are {name, animal, x, y, step, moving, left, words, you}; times are milliseconds. */
  draw(animals, now, hover) {
    const { ctx, land, season } = this;
    const seconds = still.matches ? 0 : now / 1000;
    const scale = this.cell * this.ratio;
    this.origin = { x: Math.round(this.canvas.width / 2 - this.camera.x * scale), y: Math.round(this.canvas.height / 2 - this.camera.y * scale) };
    const view = {
      left: Math.floor(-this.origin.x / scale) - 1,
      top: Math.floor(-this.origin.y / scale) - 1,
      right: Math.ceil((this.canvas.width - this.origin.x) / scale) + 1,
      bottom: Math.ceil((this.canvas.height - this.origin.y) / scale) + 3,
    };
    this._ground(view, scale, seconds);
    if (hover) this._hover(hover, scale);
    this._standing(view, scale, seconds, now, animals);
    ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    const dark = darkness(Date.now());
    if (dark > 0) {
      ctx.globalCompositeOperation = "multiply";
      ctx.fillStyle = `rgb(${255 - 92 * dark} ${255 - 80 * dark} ${255 - 28 * dark})`;
      ctx.fillRect(0, 0, innerWidth, innerHeight);
      ctx.globalCompositeOperation = "source-over";
    }
    if (!still.matches) drawAir(ctx, season, innerWidth, innerHeight, seconds, dark);
    for (const animal of animals) this._name(animal);
    for (const animal of animals) this._words(animal, now);
  }

  _ground(view, scale, seconds) {
    const { ctx, land, season, origin } = this;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.fillStyle = season.wood;
    ctx.fillRect(0, 0, this.canvas.width, this.canvas.height);
    ctx.setTransform(1, 0, 0, 1, origin.x, origin.y);
    ctx.fillStyle = season.blade;
    round(ctx, -1.1 * scale, -1.1 * scale, (land.width + 2.2) * scale, (land.height + 2.2) * scale, 3 * scale);
    ctx.fillStyle = this.turf;
    round(ctx, -0.8 * scale, -0.8 * scale, (land.width + 1.6) * scale, (land.height + 1.6) * scale, 2.7 * scale);
    ctx.setTransform(scale, 0, 0, scale, origin.x, origin.y);
    const outlines = [...land.outlines(Math.max(-1, view.left), Math.max(-1, view.top), Math.min(land.width, view.right), Math.min(land.height, view.bottom))];
    ctx.lineJoin = "round";
    for (const [part, shore, color, width] of [["_", season.pathEdge, season.path, 0.12], ["~", season.shore, season.water, 0.36], ["deep", season.deep, season.deep, 0.03]]) {
      ctx.strokeStyle = shore;
      ctx.lineWidth = width;
      for (const outline of outlines) ctx.stroke(outline[part].edge);
      ctx.fillStyle = ctx.strokeStyle = color;
      ctx.lineWidth = 0.03; // closes the hairlines between the squares
      for (const outline of outlines) {
        for (const path of [outline[part].edge, outline[part].inner]) {
          ctx.fill(path);
          ctx.stroke(path);
        }
      }
    }
    this._details(view, seconds);
  }

  // Pebbles on paths, glints and lilies on ponds.
  _details(view, seconds) {
    const { ctx, land, season } = this;
    ctx.lineCap = "round";
    for (let y = Math.max(0, view.top); y <= Math.min(land.height - 1, view.bottom); y++) {
      for (let x = Math.max(0, view.left); x <= Math.min(land.width - 1, view.right); x++) {
        const kind = land.cells[y * land.width + x];
        const luck = chance(x, y, 3);
        if (kind === "_") {
          ctx.fillStyle = season.pathEdge;
          dot(ctx, x + 0.2 + luck * 0.6, y + 0.25 + chance(x, y, 4) * 0.5, 0.05 + luck * 0.05, 0.7);
        } else if (kind === "~") {
          if (luck > 0.9 && season.air !== "snow") lily(ctx, x + 0.5, y + 0.55 + Math.sin(seconds + x) * 0.03, luck > 0.95);
          const shine = Math.sin(seconds * 0.9 + luck * 40);
          if (shine > 0.2 && luck < 0.6) {
            ctx.strokeStyle = `rgb(255 255 255 / ${0.5 * (shine - 0.2)})`;
            ctx.lineWidth = 0.06;
            ctx.beginPath();
            ctx.moveTo(x + luck, y + 0.3 + luck * 0.6);
            ctx.lineTo(x + luck + 0.35, y + 0.3 + luck * 0.6);
            ctx.stroke();
          }
        }
      }
    }
  }

  // Plants and animals by rows from north to south, so that nearer ones stand in front; the wood around comes along.
  _standing(view, scale, seconds, now, animals) {
    const { ctx, land, origin } = this;
    const waiting = [...animals].sort((a, b) => a.y - b.y);
    for (let y = view.top; y <= view.bottom; y++) {
      while (waiting.length && waiting[0].y < y + 0.8) this._animal(waiting.shift(), scale, now / 1000);
      for (let x = view.left; x <= view.right; x++) {
        const kind = land.at(x, y) ?? wood(x, y, land);
        if (kind === "." || kind === "_" || kind === "~") continue;
        const luck = chance(x, y);
        const sway = SWAYING.has(kind) ? Math.sin(seconds * 1.3 + x * 0.6 + y * 0.35 + luck * 2) * (kind === "t" || kind === "u" ? 0.012 : 0.07) : 0;
        const size = land.at(x, y) === null ? 1 : land.grown(x, y, now);
        const mirror = luck < 0.5 ? -1 : 1;
        const footX = x + 0.5 + (luck - 0.5) * 0.24;
        const footY = y + 0.8 + (chance(x, y, 2) - 0.5) * 0.16;
        ctx.setTransform(size * mirror, 0, -sway, size, origin.x + footX * scale, origin.y + footY * scale);
        this.pictures.draw(ctx, kind, Math.floor(luck * 97) % VARIANTS);
      }
    }
    for (const animal of waiting) this._animal(animal, scale, now / 1000);
  }

  _animal(animal, scale, seconds) {
    const { ctx, land, origin } = this;
    const swims = land.at(Math.floor(animal.x), Math.floor(animal.y)) === "~" && this.season.air !== "snow";
    const size = scale * 1.5;
    ctx.setTransform(size, 0, 0, size, origin.x + animal.x * scale, origin.y + animal.y * scale);
    if (swims) {
      ctx.strokeStyle = "rgb(255 255 255 / 55%)";
      ctx.lineWidth = 0.05;
      ctx.beginPath();
      const ring = (seconds * 0.6) % 1;
      ctx.ellipse(0, 0, 0.42 + ring * 0.16, 0.13 + ring * 0.06, 0, 0, 7);
      ctx.stroke();
    }
    drawAnimal(ctx, animal.animal, { ...animal, seconds, swims, phase: animal.id });
  }

  _hover({ x, y }, scale) {
    const { ctx, origin } = this;
    ctx.setTransform(scale, 0, 0, scale, origin.x, origin.y);
    ctx.fillStyle = "rgb(255 255 255 / 34%)";
    round(ctx, x + 0.04, y + 0.04, 0.92, 0.92, 0.3);
  }

  _toPixels({ x, y }) {
    return { x: innerWidth / 2 + (x - this.camera.x) * this.cell, y: innerHeight / 2 + (y - this.camera.y) * this.cell };
  }

  _name(animal) {
    const { ctx } = this;
    const { x, y } = this._toPixels(animal);
    ctx.font = `700 12px ${FONT}`;
    ctx.textAlign = "center";
    const width = ctx.measureText(animal.name).width + 14;
    ctx.fillStyle = animal.you ? "rgb(85 124 62 / 88%)" : "rgb(255 253 246 / 82%)";
    round(ctx, x - width / 2, y + 7, width, 18, 9);
    ctx.fillStyle = animal.you ? "#ffffff" : "#43503a";
    ctx.fillText(animal.name, x, y + 20);
  }

  _words(animal, now) {
    if (!animal.words || now >= animal.words.until) return;
    const { x, y } = this._toPixels(animal);
    bubble(this.ctx, animal.words.text, x, y - this.cell * 1.95, Math.min(1, (animal.words.until - now) / 500));
  }
}

function bubble(ctx, text, x, bottom, alpha) {
  ctx.font = `14px ${FONT}`;
  ctx.textAlign = "center";
  const lines = wrapText(ctx, text, 190);
  const width = Math.max(...lines.map((line) => ctx.measureText(line).width)) + 22;
  const height = lines.length * 18 + 12;
  const middle = Math.min(innerWidth - width / 2 - 8, Math.max(width / 2 + 8, x));
  ctx.globalAlpha = alpha;
  ctx.fillStyle = "#fffdf6";
  ctx.beginPath();
  ctx.roundRect(middle - width / 2, bottom - height, width, height, 13);
  ctx.moveTo(x + 6, bottom - 2);
  ctx.lineTo(x, bottom + 8);
  ctx.lineTo(x - 6, bottom - 2);
  ctx.fill();
  ctx.fillStyle = "#43503a";
  lines.forEach((line, i) => ctx.fillText(line, middle, bottom - height + 19 + i * 18));
  ctx.globalAlpha = 1;
}

function wrapText(ctx, text, width) {
  const lines = [""];
  for (const word of text.split(/(?<=\s)/u)) {
    for (const part of ctx.measureText(word).width > width ? word : [word]) {
      if (lines.at(-1) && ctx.measureText(lines.at(-1) + part).width > width) lines.push("");
      lines[lines.length - 1] += part;
    }
  }
  return lines.slice(0, 6);
}

// What stands outside the grid; nothing further out than the wood is deep.
function wood(x, y, land) {
  const out = Math.max(-x, -y, x - land.width + 1, y - land.height + 1);
  if (out < 2 || out > WOOD + 16) return ".";
  const luck = chance(x, y, 11);
  if (out === 2) return luck < 0.3 ? "u" : luck < 0.45 ? "g" : ".";
  return luck < 0.42 ? "t" : luck < 0.55 ? "u" : ".";
}

// The lawn as a pattern: many faint blades and a few bright patches.
function turf(ctx, season, scale) {
  const cells = 12;
  const tile = document.createElement("canvas");
  tile.width = tile.height = Math.round(cells * scale);
  const paint = tile.getContext("2d");
  paint.fillStyle = season.lawn;
  paint.fillRect(0, 0, tile.width, tile.height);
  const unit = tile.width / cells;
  for (let i = 0; i < 26; i++) {
    const x = chance(i, 21) * cells;
    const y = chance(i, 22) * cells;
    for (const dx of [-cells, 0, cells]) {
      for (const dy of [-cells, 0, cells]) {
        const glow = paint.createRadialGradient((x + dx) * unit, (y + dy) * unit, 0, (x + dx) * unit, (y + dy) * unit, (1 + chance(i, 23) * 1.8) * unit);
        glow.addColorStop(0, season.bright + "99");
        glow.addColorStop(1, season.bright + "00");
        paint.fillStyle = glow;
        paint.fillRect(0, 0, tile.width, tile.height);
      }
    }
  }
  paint.strokeStyle = season.blade;
  paint.lineCap = "round";
  paint.lineWidth = unit * 0.045;
  for (let i = 0; i < cells * cells * 1.5; i++) {
    const x = chance(i, 24) * (cells - 0.6) + 0.3;
    const y = chance(i, 25) * (cells - 0.6) + 0.4;
    paint.globalAlpha = 0.35 + chance(i, 26) * 0.45;
    paint.beginPath();
    for (const lean of [-0.09, 0.02, 0.11]) {
      paint.moveTo(x * unit, y * unit);
      paint.lineTo((x + lean) * unit, (y - 0.12 - Math.abs(lean)) * unit);
    }
    paint.stroke();
  }
  return ctx.createPattern(tile, "repeat");
}

function lily(ctx, x, y, blooms) {
  ctx.fillStyle = "#7fb56a";
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.ellipse(x, y, 0.26, 0.17, 0, 0.5, 6.1);
  ctx.fill();
  if (!blooms) return;
  ctx.fillStyle = "#f8d7e0";
  for (const dx of [-0.08, 0, 0.08]) dot(ctx, x + dx, y - 0.06, 0.07, 1.1);
}

function dot(ctx, x, y, r, flat) {
  ctx.beginPath();
  ctx.ellipse(x, y, r, r * flat, 0, 0, 7);
  ctx.fill();
}

function round(ctx, x, y, w, h, r) {
  ctx.beginPath();
  ctx.roundRect(x, y, w, h, r);
  ctx.fill();
}

function clampView(value, half, size, before, after) {
  const least = half - before;
  const most = size - half + after;
  return least > most ? size / 2 + (after - before) / 2 : Math.min(most, Math.max(least, value));
}
