// The four palettes, the light of the day, and what floats through the air.

export const SEASONS = {
  spring: {
    lawn: "#b5db8c", blade: "#9fcb76", bright: "#c6e6a0", wood: "#7fae68", leaf: "#86ba5e", leafDark: "#6ba04c", crown: ["#f6c6d4", "#efabc1", "#fadfe6"],
    bush: ["#8fc46c", "#78b058"], water: "#8ecbe0", deep: "#74b7d3", shore: "#d9dfae", path: "#e6d5ab", pathEdge: "#cfbf8e", air: "petal", airColor: "#f9d3df",
  },
  summer: {
    lawn: "#a2d072", blade: "#87bb58", bright: "#b6dd87", wood: "#659c50", leaf: "#6fae4a", leafDark: "#57933a", crown: ["#79b558", "#639f47", "#93c873"],
    bush: ["#6fab4f", "#5a963f"], water: "#7cc6e2", deep: "#5fb0d3", shore: "#d3d898", path: "#ead6a2", pathEdge: "#cfbb80", air: "seed", airColor: "#fffdf0",
  },
  autumn: {
    lawn: "#d0c681", blade: "#b9ae63", bright: "#ded69a", wood: "#a88e54", leaf: "#a3a04e", leafDark: "#88833c", crown: ["#e29a4d", "#cf7a3c", "#efbb68"],
    bush: ["#c98a48", "#b0713a"], water: "#86b6c4", deep: "#6ea0b3", shore: "#d8c78f", path: "#e2c99b", pathEdge: "#c0a674", air: "leaf", airColor: "#d9863f",
  },
  winter: {
    lawn: "#e8eff0", blade: "#d3dfe2", bright: "#f6fafa", wood: "#b4c7c9", leaf: "#9db89d", leafDark: "#7f9f86", crown: ["#f4f8f8", "#d9e6e8", "#ffffff"],
    bush: ["#c6d9d6", "#a9c2bf"], water: "#c3dfea", deep: "#acd1e2", shore: "#f7fbfb", path: "#ddd6c8", pathEdge: "#c4bcab", air: "snow", airColor: "#ffffff",
  },
};

const DAY_SECONDS = 720;
const fixedHour = Number.parseFloat(new URLSearchParams(location.search).get("hour"));

/** How dark it is, 0 (day) to 1 (night). Everybody sees the same: it follows the clock, a day in twelve minutes. */
export function darkness(milliseconds) {
  const hour = Number.isFinite(fixedHour) ? fixedHour : ((milliseconds / 1000 / DAY_SECONDS) * 24 + 8) % 24;
  const fromNoon = Math.abs(hour - 13);
  const dusk = Math.min(1, Math.max(0, (fromNoon - 7) / 3));
  return dusk * dusk * (3 - 2 * dusk);
}

/** A steady pseudo-random number in 0..1 for a place. */
export function chance(x, y, salt = 0) {
  let h = Math.imul(x + 374761393, 668265263) ^ Math.imul(y + 1274126177, 2246822519) ^ Math.imul(salt + 1, 3266489917);
  h = Math.imul(h ^ (h >>> 15), 2246822519);
  h = Math.imul(h ^ (h >>> 13), 3266489917);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}

/** Draw petals, seeds, leaves or snow over a view of width x height pixels, and fireflies at night. */
export function drawAir(ctx, season, width, height, seconds, dark) {
  const count = Math.round((season.air === "snow" ? 90 : 26) * Math.min(1, (width * height) / 900000));
  ctx.fillStyle = season.airColor;
  for (let i = 0; i < count; i++) {
    const depth = 0.5 + chance(i, 1);
    const fall = { snow: 34, petal: 20, leaf: 26, seed: 6 }[season.air] * depth;
    const drift = { snow: 8, petal: 26, leaf: 30, seed: 18 }[season.air] * depth;
    const x = wrap(chance(i, 2) * width + seconds * drift + Math.sin(seconds * 0.8 + i) * 22, width + 40) - 20;
    const y = wrap(chance(i, 3) * height + seconds * fall + Math.sin(seconds * 0.5 + i * 2) * 10, height + 40) - 20;
    ctx.globalAlpha = 0.85 - 0.3 * dark;
    ctx.beginPath();
    if (season.air === "snow" || season.air === "seed") ctx.arc(x, y, (season.air === "snow" ? 2.2 : 1.5) * depth, 0, 7);
    else ctx.ellipse(x, y, 4.2 * depth, 2.3 * depth * (0.4 + 0.6 * Math.abs(Math.sin(seconds * 1.4 + i))), seconds * 0.7 + i, 0, 7);
    ctx.fill();
  }
  ctx.globalAlpha = 1;
  if (dark > 0.3 && season.air !== "snow") drawFireflies(ctx, width, height, seconds, dark);
}

function drawFireflies(ctx, width, height, seconds, dark) {
  ctx.globalCompositeOperation = "screen";
  for (let i = 0; i < 22; i++) {
    const x = wrap(chance(i, 5) * width + Math.sin(seconds * 0.31 + i * 1.7) * 60, width);
    const y = wrap(chance(i, 6) * height + Math.cos(seconds * 0.27 + i * 2.3) * 50, height);
    const glow = Math.max(0, Math.sin(seconds * (0.9 + chance(i, 7)) + i)) * dark;
    const light = ctx.createRadialGradient(x, y, 0, x, y, 13);
    light.addColorStop(0, `rgb(255 240 150 / ${0.95 * glow})`);
    light.addColorStop(0.25, `rgb(250 225 110 / ${0.45 * glow})`);
    light.addColorStop(1, "rgb(250 225 110 / 0)");
    ctx.fillStyle = light;
    ctx.fillRect(x - 13, y - 13, 26, 26);
  }
  ctx.globalCompositeOperation = "source-over";
}

function wrap(value, size) {
  return ((value % size) + size) % size;
}
