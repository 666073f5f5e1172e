// The animals, drawn with a few round shapes. All face right; units are cells, the feet stand at 0,0, y grows downwards.

export const ANIMALS = [
  ["dormouse", "Dormouse"], ["rabbit", "Rabbit"], ["fox", "Fox"], ["hedgehog", "Hedgehog"], ["frog", "Frog"], ["duck", "Duck"],
];

const COATS = {
  dormouse: { coat: "#cf9558", dark: "#b27c44", belly: "#fbeed9", feet: "#e3b793" },
  rabbit: { coat: "#cfc5bb", dark: "#b3a79c", belly: "#f7f2ec", feet: "#e3dbd2" },
  fox: { coat: "#e08443", dark: "#c26a30", belly: "#fff4e6", feet: "#6b4a3a" },
  hedgehog: { coat: "#dcb98f", dark: "#80664f", belly: "#f3e0c4", feet: "#b98f68" },
  frog: { coat: "#86bd5e", dark: "#6ba447", belly: "#e5f0c0", feet: "#6ba447" },
  duck: { coat: "#f6e7ab", dark: "#e5cf81", belly: "#fdf6d8", feet: "#ee9f45" },
};

/** `step` is the walked distance in cells (for the gait), `swims` hides what is under water. */
export function drawAnimal(ctx, animal, { seconds, step = 0, moving = false, left = false, swims = false, phase = 0 }) {
  const coat = COATS[animal] ?? COATS.dormouse;
  const hop = moving ? Math.abs(Math.sin(step * 3.4)) : 0;
  const breath = Math.sin(seconds * 2.1 + phase) * 0.012;
  ctx.save();
  if (!swims) disc(ctx, 0, 0.02, 0.42 - hop * 0.08, 0.12, "rgb(40 60 30 / 22%)");
  if (left) ctx.scale(-1, 1);
  if (swims) {
    ctx.beginPath();
    ctx.rect(-1.2, -2, 2.4, 2);
    ctx.clip();
    ctx.translate(0, 0.26 + Math.sin(seconds * 2.4 + phase) * 0.03);
  } else {
    ctx.translate(0, -hop * 0.2);
    ctx.rotate(moving ? Math.sin(step * 3.4) * 0.05 : 0);
    feet(ctx, coat, moving ? Math.sin(step * 6.8) * 0.1 : 0);
  }
  ctx.scale(1 + breath, 1 - breath);
  tails[animal]?.(ctx, coat, Math.sin(seconds * 2.6 + phase));
  body(ctx, coat);
  backs[animal]?.(ctx, coat);
  head(ctx, animal, coat, seconds + phase);
  ctx.restore();
}

/** The dormouse asleep, curled up in leaves; centre at 0,0, about 3 wide. */
export function drawSleeper(ctx, seconds) {
  const { coat, dark, belly } = COATS.dormouse;
  const breath = 1 + Math.sin(seconds * 1.5) * 0.025;
  disc(ctx, 0, 0.52, 1.35, 0.24, "#d8e6bd");
  for (let i = -3; i <= 3; i++) disc(ctx, i * 0.36, 0.5 + (i % 2) * 0.06, 0.3, 0.13, i % 2 ? "#b9d190" : "#a8c47e");
  ctx.save();
  ctx.scale(breath, breath);
  disc(ctx, 0, 0.02, 0.72, 0.56, coat);
  disc(ctx, -0.08, 0.2, 0.42, 0.3, belly);
  disc(ctx, 0.42, -0.32, 0.17, 0.17, dark);
  disc(ctx, 0.42, -0.31, 0.1, 0.1, "#f1c3ae");
  disc(ctx, 0.48, 0.04, 0.36, 0.31, coat);
  disc(ctx, 0.17, -0.26, 0.17, 0.17, dark);
  disc(ctx, 0.17, -0.25, 0.1, 0.1, "#f1c3ae");
  disc(ctx, 0.6, 0.14, 0.2, 0.14, belly);
  disc(ctx, 0.8, 0.08, 0.045, 0.04, "#6b4a44");
  disc(ctx, 0.42, 0.16, 0.07, 0.045, "#f0b59c");
  line(ctx, [[0.46, 0.03], [0.53, 0.07], [0.6, 0.03]], "#4a3a33", 0.035);
  line(ctx, [[-0.6, 0.3], [-0.3, 0.62], [0.3, 0.56], [0.66, 0.4]], dark, 0.26);
  line(ctx, [[-0.6, 0.3], [-0.3, 0.62], [0.3, 0.56], [0.62, 0.41]], coat, 0.17);
  ctx.restore();
  ctx.fillStyle = "#8ba277";
  for (let i = 0; i < 3; i++) {
    const rise = (seconds * 0.35 + i / 3) % 1;
    ctx.globalAlpha = Math.sin(rise * Math.PI);
    ctx.font = `700 ${0.18 + rise * 0.18}px sans-serif`;
    ctx.fillText("z", 0.75 + rise * 0.45 + Math.sin(rise * 6) * 0.06, -0.2 - rise * 0.75);
  }
  ctx.globalAlpha = 1;
}

const tails = {
  dormouse(ctx, { coat, dark }, wag) {
    line(ctx, [[-0.25, -0.15], [-0.62, -0.1], [-0.72, -0.5 + wag * 0.05]], dark, 0.2);
    line(ctx, [[-0.25, -0.15], [-0.62, -0.1], [-0.72, -0.5 + wag * 0.05]], coat, 0.13);
  },
  rabbit(ctx, { belly }) {
    disc(ctx, -0.4, -0.2, 0.14, 0.14, belly);
  },
  fox(ctx, { coat, belly }, wag) {
    line(ctx, [[-0.22, -0.16], [-0.6, -0.14], [-0.74, -0.46 + wag * 0.07]], coat, 0.27);
    disc(ctx, -0.75, -0.5 + wag * 0.07, 0.13, 0.13, belly);
  },
  duck(ctx, { coat }) {
    triangle(ctx, [[-0.3, -0.32], [-0.62, -0.5], [-0.34, -0.12]], coat);
  },
};

const backs = {
  hedgehog(ctx, { dark }) {
    ctx.fillStyle = dark;
    ctx.beginPath();
    for (let i = 0; i <= 18; i++) {
      const angle = Math.PI * (0.02 + 1.32 * (1 - i / 18)) - Math.PI * 0.02;
      const r = i % 2 ? 0.56 : 0.46;
      ctx.lineTo(-0.12 + Math.cos(-angle - 0.35) * r, -0.36 + Math.sin(-angle - 0.35) * r * 0.96);
    }
    ctx.fill();
  },
  duck(ctx, { dark }) {
    disc(ctx, -0.12, -0.28, 0.22, 0.14, dark, -0.25);
  },
};

function feet(ctx, { feet: color }, swing) {
  disc(ctx, -0.16 + swing, -0.01, 0.12, 0.07, color);
  disc(ctx, 0.16 - swing, -0.01, 0.12, 0.07, color);
}

function body(ctx, { coat, belly }) {
  disc(ctx, 0, -0.28, 0.39, 0.3, coat);
  disc(ctx, 0.1, -0.22, 0.22, 0.19, belly);
}

function head(ctx, animal, coat, seconds) {
  ctx.save();
  ctx.translate(0.2, -0.68);
  ears[animal]?.(ctx, coat);
  disc(ctx, 0, 0, 0.33, 0.29, coat.coat);
  if (animal === "frog") for (const x of [-0.13, 0.16]) disc(ctx, x, -0.25, 0.12, 0.12, coat.coat);
  muzzles[animal](ctx, coat);
  eyes(ctx, animal, seconds);
  ctx.restore();
}

const ears = {
  dormouse(ctx, { coat, dark }) {
    for (const [x, y] of [[-0.2, -0.24], [0.17, -0.27]]) {
      disc(ctx, x, y, 0.16, 0.16, dark);
      disc(ctx, x + 0.01, y + 0.01, 0.1, 0.1, "#f1c3ae");
    }
  },
  rabbit(ctx, { coat }) {
    for (const [x, tilt] of [[-0.14, -0.22], [0.1, 0.06]]) {
      disc(ctx, x, -0.46, 0.095, 0.3, coat, tilt);
      disc(ctx, x, -0.45, 0.045, 0.21, "#f2cfc6", tilt);
    }
  },
  fox(ctx, { coat, dark }) {
    triangle(ctx, [[-0.31, -0.08], [-0.26, -0.5], [0.0, -0.24]], coat);
    triangle(ctx, [[0.04, -0.24], [0.25, -0.52], [0.31, -0.1]], coat);
    triangle(ctx, [[-0.25, -0.2], [-0.23, -0.4], [-0.1, -0.26]], dark);
    triangle(ctx, [[0.13, -0.26], [0.23, -0.42], [0.26, -0.2]], dark);
  },
  hedgehog(ctx, { dark }) {
    disc(ctx, -0.1, -0.08, 0.36, 0.32, dark);
    for (const x of [-0.16, 0.12]) disc(ctx, x, -0.24, 0.09, 0.09, "#c69b72");
  },
};

const muzzles = {
  dormouse(ctx, { belly }) { snout(ctx, belly, 0.15, 0.04); },
  rabbit(ctx, { belly }) { snout(ctx, belly, 0.15, 0.035); },
  fox(ctx, { belly }) { snout(ctx, belly, 0.19, 0.05); },
  hedgehog(ctx, { coat }) { snout(ctx, coat, 0.17, 0.06); },
  frog(ctx, { dark }) {
    line(ctx, [[-0.12, 0.06], [0.06, 0.15], [0.24, 0.05]], "#4f7a34", 0.035);
    blush(ctx);
  },
  duck(ctx) {
    disc(ctx, 0.34, 0.06, 0.17, 0.08, "#ee9f45");
    line(ctx, [[0.24, 0.06], [0.49, 0.06]], "#d3812c", 0.02);
    blush(ctx);
  },
};

function snout(ctx, color, wide, nose) {
  disc(ctx, 0.17, 0.1, wide, 0.12, color);
  disc(ctx, 0.28, 0.05, nose, nose * 0.85, "#5b4039");
  blush(ctx);
}

function blush(ctx) {
  disc(ctx, -0.06, 0.11, 0.065, 0.042, "rgb(238 150 130 / 60%)");
}

function eyes(ctx, animal, seconds) {
  const open = seconds % 4.3 < 0.14 ? 0.12 : 1;
  const [left, right, y] = animal === "frog" ? [-0.12, 0.17, -0.26] : [-0.03, 0.2, -0.04];
  for (const x of [left, right]) {
    disc(ctx, x, y, 0.052, 0.062 * open, "#35302c");
    if (open === 1) disc(ctx, x + 0.018, y - 0.022, 0.018, 0.018, "#ffffff");
  }
}

function disc(ctx, x, y, rx, ry, color, turn = 0) {
  ctx.fillStyle = color;
  ctx.beginPath();
  ctx.ellipse(x, y, rx, ry, turn, 0, 7);
  ctx.fill();
}

function triangle(ctx, points, color) {
  ctx.fillStyle = ctx.strokeStyle = color;
  ctx.lineWidth = 0.05;
  ctx.lineJoin = "round";
  ctx.beginPath();
  for (const [x, y] of points) ctx.lineTo(x, y);
  ctx.closePath();
  ctx.fill();
  ctx.stroke();
}

// A smooth line through two ends, bent by what lies between.
function line(ctx, points, color, width) {
  ctx.strokeStyle = color;
  ctx.lineWidth = width;
  ctx.lineCap = ctx.lineJoin = "round";
  ctx.beginPath();
  ctx.moveTo(...points[0]);
  if (points.length === 2) ctx.lineTo(...points[1]);
  else if (points.length === 3) ctx.quadraticCurveTo(...points[1], ...points[2]);
  else ctx.bezierCurveTo(...points[1], ...points[2], ...points[3]);
  ctx.stroke();
}
