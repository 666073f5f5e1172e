// What grows: each kind is drawn once per season and size into small pictures, which the scene only copies.

import { chance } from "./season.js";

/** The letters of `Kind` on the server, in the order of the tools. */
export const KINDS = [
  ["g", "Tall grass"], ["d", "Daisies"], ["p", "Poppies"], ["b", "Bluebells"], ["s", "Sunflower"], ["m", "Mushrooms"],
  ["u", "Bush"], ["t", "Tree"], ["o", "Stones"], ["_", "Path"], ["~", "Pond"], [".", "Clear"],
];
export const SWAYING = new Set(["g", "d", "p", "b", "s", "t", "u"]);
export const VARIANTS = 4;

// A picture is 3 cells wide and 3.4 high; a plant stands at this point of it.
const WIDE = 3;
const HIGH = 3.4;
const FOOT = 2.8;
// Some look too small on the lawn at the size they are painted.
const GROWTH = { d: 1.25, p: 1.25, b: 1.2, m: 1.2, o: 1.15, t: 1.1 };

/** Pictures for one season at `cell` device pixels a cell: `draw(ctx, kind, variant)` puts one with its foot at 0,0. */
export function pictures(season, cell) {
  const all = new Map();
  for (const kind of Object.keys(painters)) {
    for (let variant = 0; variant < VARIANTS; variant++) {
      const canvas = document.createElement("canvas");
      canvas.width = Math.ceil(WIDE * cell);
      canvas.height = Math.ceil(HIGH * cell);
      const ctx = canvas.getContext("2d");
      ctx.scale(cell, cell);
      ctx.translate(WIDE / 2, FOOT);
      ctx.scale(GROWTH[kind] ?? 1, GROWTH[kind] ?? 1);
      painters[kind](ctx, season, variant);
      all.set(kind + variant, canvas);
    }
  }
  return {
    draw(ctx, kind, variant) {
      const picture = all.get(kind + variant);
      if (picture) ctx.drawImage(picture, (-WIDE / 2) * cell, -FOOT * cell);
    },
  };
}

/** A kind as a tool's picture, on a canvas of `size` device pixels. */
export function drawIcon(ctx, kind, season, size) {
  ctx.save();
  ctx.translate(size / 2, size / 2);
  if (kind === "~" || kind === "_") {
    ctx.scale(size, size);
    disc(ctx, 0, 0.03, 0.32, kind === "~" ? season.shore : season.pathEdge, 0.78);
    disc(ctx, 0, 0.03, 0.28, kind === "~" ? season.water : season.path, 0.78);
    if (kind === "~") disc(ctx, 0.02, 0.05, 0.18, season.deep, 0.7);
    else for (const [x, y] of [[-0.1, -0.04], [0.08, 0.1], [0.12, -0.06]]) disc(ctx, x, y, 0.035, season.pathEdge, 0.8);
  } else if (kind === ".") {
    ctx.scale(size, size);
    ctx.rotate(-0.6);
    box(ctx, -0.25, -0.12, 0.5, 0.24, 0.06, "#f2b8b5");
    box(ctx, -0.25, -0.12, 0.2, 0.24, 0.06, "#fff7ef");
    ctx.strokeStyle = "#b98a86";
    ctx.lineWidth = 0.025;
    ctx.beginPath();
    ctx.roundRect(-0.25, -0.12, 0.5, 0.24, 0.06);
    ctx.stroke();
  } else {
    const scale = { t: 0.36, s: 0.42, u: 0.52, o: 0.58 }[kind] ?? 0.62;
    const foot = { t: 0.4, s: 0.36, o: 0.2, u: 0.26 }[kind] ?? 0.24;
    ctx.translate(0, foot * size);
    ctx.scale(size * scale, size * scale);
    painters[kind](ctx, season, 0);
  }
  ctx.restore();
}

// Each paints around the foot of the plant, in cells; y grows downwards.
const painters = {
  g(ctx, season, variant) {
    for (let i = 0; i < 9; i++) {
      const x = (i - 4) * 0.11 + (chance(i, variant) - 0.5) * 0.08;
      blade(ctx, x, 0.06, x + (chance(i, variant, 1) - 0.5) * 0.34, -0.42 - chance(i, variant, 2) * 0.42, i % 2 ? season.leaf : season.leafDark);
    }
  },
  d(ctx, season, variant) {
    clump(ctx, season, variant, 4, 0.42, (x, y) => blossom(ctx, x, y, 0.15, 7, "#fffdf5", "#f2c14e"));
  },
  p(ctx, season, variant) {
    clump(ctx, season, variant, 3, 0.5, (x, y, i) => {
      disc(ctx, x, y, 0.18, ["#e4685a", "#db5a4f", "#ee8070"][i % 3], 0.82);
      disc(ctx, x - 0.05, y - 0.05, 0.09, "rgb(255 255 255 / 24%)", 0.8);
      disc(ctx, x, y + 0.01, 0.055, "#5a4048");
    });
  },
  b(ctx, season, variant) {
    clump(ctx, season, variant, 4, 0.52, (x, y, i) => {
      for (let bell = 0; bell < 3; bell++) disc(ctx, x + (bell % 2 ? 0.07 : -0.06), y + bell * 0.13, 0.095, ["#8d8fdc", "#7a80d0", "#a3a0e6"][(i + bell) % 3], 1.1);
    });
  },
  s(ctx, season, variant) {
    const lean = (chance(1, variant) - 0.5) * 0.2;
    shadow(ctx, 0.3);
    stem(ctx, 0, 0.05, lean, -1.05, season.leafDark, 0.085);
    leafShape(ctx, 0.02, -0.3, 0.34, -0.5, season.leaf);
    leafShape(ctx, 0.03, -0.45, -0.3, -0.68, season.leaf);
    blossom(ctx, lean, -1.15, 0.36, 13, "#f5c542", "#8a5a3a");
    disc(ctx, lean, -1.15, 0.1, "#6f4630");
  },
  m(ctx, season, variant) {
    for (const [x, size] of [[-0.24, 0.72], [0.16, 1], [0.36, 0.5]].slice(0, 2 + (variant % 2))) {
      const y = size === 1 ? 0.05 : 0.12;
      box(ctx, x - 0.07 * size, y - 0.3 * size, 0.14 * size, 0.3 * size, 0.06, "#f7ecd9");
      ctx.fillStyle = variant % 2 ? "#c98757" : "#d9655a";
      ctx.beginPath();
      ctx.ellipse(x, y - 0.28 * size, 0.25 * size, 0.22 * size, 0, Math.PI, 0);
      ctx.fill();
      for (const [dx, dy] of [[-0.11, -0.36], [0.04, -0.42], [0.14, -0.33]]) disc(ctx, x + dx * size, y + dy * size, 0.035 * size, "#fff6ea");
    }
  },
  u(ctx, season, variant) {
    shadow(ctx, 0.6);
    const [light, dark] = season.bush;
    for (const [x, y, r] of [[-0.32, -0.18, 0.33], [0.34, -0.16, 0.32], [0, -0.28, 0.42]]) disc(ctx, x, y, r, dark, 0.92);
    for (const [x, y, r] of [[-0.3, -0.27, 0.26], [0.3, -0.25, 0.25], [0, -0.4, 0.32]]) disc(ctx, x, y, r, light, 0.9);
    if (variant % 2) for (let i = 0; i < 6; i++) disc(ctx, (chance(i, variant, 4) - 0.5) * 0.9, -0.12 - chance(i, variant, 5) * 0.45, 0.05, season.air === "snow" ? "#c9525a" : "#f7e3ea");
  },
  t(ctx, season, variant) {
    shadow(ctx, 0.75);
    const [middle, dark, light] = season.crown;
    ctx.fillStyle = "#8d6b52";
    ctx.beginPath();
    ctx.moveTo(-0.17, 0.08);
    ctx.quadraticCurveTo(-0.08, -0.5, -0.1, -0.95);
    ctx.lineTo(0.1, -0.95);
    ctx.quadraticCurveTo(0.08, -0.5, 0.18, 0.08);
    ctx.fill();
    const lean = (chance(variant, 3) - 0.5) * 0.16;
    for (const [x, y, r] of [[-0.45, -0.98, 0.46], [0.45, -0.95, 0.46], [0, -0.85, 0.46], [-0.25, -1.5, 0.5], [0.28, -1.48, 0.5]]) disc(ctx, x + lean, y, r, dark);
    for (const [x, y, r] of [[-0.42, -1.12, 0.4], [0.36, -1.08, 0.4], [-0.02, -1.55, 0.5]]) disc(ctx, x + lean, y, r, middle);
    for (const [x, y, r] of [[-0.28, -1.62, 0.24], [-0.5, -1.2, 0.17], [0.2, -1.42, 0.18]]) disc(ctx, x + lean, y, r, light);
  },
  o(ctx, season, variant) {
    shadow(ctx, 0.48);
    stone(ctx, -0.12, 0.02, 0.38, "#a9aaa3", "#c3c4bc", variant);
    stone(ctx, 0.3, 0.1, 0.2, "#9c9e98", "#b7b9b1", variant + 1);
    if (season.air === "snow") disc(ctx, -0.14, -0.26, 0.24, "#ffffff", 0.4);
    else if (variant % 2) disc(ctx, -0.22, -0.27, 0.12, season.leaf, 0.5);
  },
};

function clump(ctx, season, variant, count, height, head) {
  for (let i = 0; i < count; i++) {
    const x = (i / (count - 1) - 0.5) * 0.72 + (chance(i, variant, 7) - 0.5) * 0.1;
    const y = -height * (0.62 + chance(i, variant, 8) * 0.6) + (i % 2) * 0.14;
    stem(ctx, x * 0.75, 0.12, x, y, season.leafDark, 0.05);
    leafShape(ctx, x * 0.75, 0.1, x * 0.75 + (i % 2 ? 0.18 : -0.18), -0.12, season.leaf);
    head(x, y, i);
  }
}

function stem(ctx, x, y, toX, toY, color, width) {
  ctx.strokeStyle = color;
  ctx.lineWidth = width;
  ctx.lineCap = "round";
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.quadraticCurveTo(x, (y + toY) / 2, toX, toY);
  ctx.stroke();
}

function blade(ctx, x, y, toX, toY, color) {
  ctx.fillStyle = color;
  ctx.beginPath();
  ctx.moveTo(x - 0.05, y);
  ctx.quadraticCurveTo(x - 0.03, y + (toY - y) * 0.6, toX, toY);
  ctx.quadraticCurveTo(x + 0.07, y + (toY - y) * 0.5, x + 0.06, y);
  ctx.fill();
}

function leafShape(ctx, x, y, toX, toY, color) {
  ctx.fillStyle = color;
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.quadraticCurveTo(toX, y - 0.02, toX, toY);
  ctx.quadraticCurveTo(x, toY, x, y);
  ctx.fill();
}

function blossom(ctx, x, y, radius, petals, color, heart) {
  for (let i = 0; i < petals; i++) {
    const angle = (i / petals) * Math.PI * 2;
    ctx.fillStyle = color;
    ctx.beginPath();
    ctx.ellipse(x + Math.cos(angle) * radius * 0.62, y + Math.sin(angle) * radius * 0.62, radius * 0.46, radius * 0.24, angle, 0, 7);
    ctx.fill();
  }
  disc(ctx, x, y, radius * 0.42, heart);
}

function stone(ctx, x, y, r, dark, light, variant) {
  ctx.fillStyle = dark;
  ctx.beginPath();
  ctx.ellipse(x, y - r * 0.45, r, r * (0.68 + 0.1 * chance(variant, 9)), 0, 0, 7);
  ctx.fill();
  ctx.fillStyle = light;
  ctx.beginPath();
  ctx.ellipse(x - r * 0.12, y - r * 0.6, r * 0.74, r * 0.44, -0.1, 0, 7);
  ctx.fill();
}

function shadow(ctx, radius) {
  disc(ctx, 0.06, 0.06, radius, "rgb(40 60 30 / 14%)", 0.34);
}

function disc(ctx, x, y, r, color, flat = 1) {
  ctx.fillStyle = color;
  ctx.beginPath();
  ctx.ellipse(x, y, r, r * flat, 0, 0, 7);
  ctx.fill();
}

function box(ctx, x, y, w, h, r, color) {
  ctx.fillStyle = color;
  ctx.beginPath();
  ctx.roundRect(x, y, w, h, r);
  ctx.fill();
}
