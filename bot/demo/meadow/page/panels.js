// Everything on the page that is not the meadow itself: cards, tools, who is here, banner, map.

import { ANIMALS, drawAnimal, drawSleeper } from "./animals.js";
import { KINDS, drawIcon } from "./plants.js";

export const WALK = "walk";
const TOOLS = [[WALK, "Walk"], ...KINDS];
const MAP_COLORS = (season) => ({
  ".": season.lawn, g: season.leaf, d: "#fffdf5", p: "#e4685a", b: "#8d8fdc", s: "#f5c542", m: "#d9655a", u: season.bush[1], t: season.crown[1], o: "#a9aaa3", _: season.path, "~": season.water,
});

export const $ = (id) => document.getElementById(id);

export function setState(state) {
  document.documentElement.dataset.state = state;
}

/** The row of tools; `choose(kind)` is called with a letter or `WALK`. Returns `pick(number)`. */
export function makeTools(season, choose) {
  const box = $("tools");
  box.replaceChildren();
  const buttons = TOOLS.map(([kind, label], number) => {
    const button = choice(label, () => pick(number));
    if (number < 10) button.title = `${label} (${number})`;
    const ctx = picture(button, 44);
    if (kind === WALK) paw(ctx, 44);
    else drawIcon(ctx, kind, season, 44);
    box.append(button);
    return button;
  });
  function pick(number) {
    if (!TOOLS[number]) return;
    buttons.forEach((button, i) => check(button, i === number));
    document.documentElement.dataset.tool = TOOLS[number][0];
    choose(TOOLS[number][0]);
  }
  return pick;
}

/** The animals of the first card. Returns a function that says which one is chosen. */
export function makeAnimals(initial) {
  let chosen = ANIMALS.some(([animal]) => animal === initial) ? initial : ANIMALS[Math.floor(Math.random() * ANIMALS.length)][0];
  const buttons = ANIMALS.map(([animal, label]) => {
    const button = choice(label, () => {
      chosen = animal;
      buttons.forEach(([other, name]) => check(other, name === chosen));
    });
    const ctx = picture(button, 64);
    ctx.translate(33, 54);
    ctx.scale(36, 36);
    drawAnimal(ctx, animal, { seconds: 1 });
    check(button, animal === chosen);
    $("animals").append(button);
    return [button, animal];
  });
  return () => chosen;
}

export function showPlayers(players) {
  $("players").replaceChildren(
    ...players.map((player) => {
      const item = document.createElement("li");
      item.textContent = player.name;
      item.classList.toggle("you", Boolean(player.you));
      return item;
    }),
  );
}

let bannerTimer;
export function showBanner(text) {
  clearTimeout(bannerTimer);
  $("banner").textContent = text;
  $("banner").classList.add("shown");
  bannerTimer = setTimeout(() => $("banner").classList.remove("shown"), 7000);
}

/** The sleeping dormouse on the two cards that show it. */
export function drawSleepers(now) {
  const state = document.documentElement.dataset.state;
  const canvas = { sleeping: $("sleeper"), away: $("dozer") }[state];
  if (!canvas) return;
  if (canvas.width !== 400) [canvas.width, canvas.height] = [400, 240];
  const ctx = canvas.getContext("2d");
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.clearRect(0, 0, 400, 240);
  ctx.setTransform(120, 0, 0, 120, 190, 140);
  drawSleeper(ctx, now / 1000);
}

/** The small map: one pixel a cell, the animals as dots. */
export class SmallMap {
  constructor(season) {
    this.colors = MAP_COLORS(season);
    this.canvas = $("map");
    this._picture = document.createElement("canvas");
    this._changes = -1;
  }

  draw(land, animals) {
    const [width, height] = [land.width * 4, land.height * 4];
    if (this.canvas.width !== width) [this.canvas.width, this.canvas.height] = [width, height];
    if (this._changes !== land.changes) this._paint(land);
    const ctx = this.canvas.getContext("2d");
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(this._picture, 0, 0, width, height);
    for (const { x, y, you } of animals) {
      ctx.beginPath();
      ctx.arc(x * 4, y * 4, you ? 9 : 7, 0, 7);
      ctx.fillStyle = you ? "#557c3e" : "#fffdf6";
      ctx.strokeStyle = you ? "#fffdf6" : "#557c3e";
      ctx.lineWidth = 3;
      ctx.fill();
      ctx.stroke();
    }
  }

  _paint(land) {
    this._changes = land.changes;
    [this._picture.width, this._picture.height] = [land.width, land.height];
    const ctx = this._picture.getContext("2d");
    land.cells.forEach((kind, index) => {
      ctx.fillStyle = this.colors[kind];
      ctx.fillRect(index % land.width, Math.floor(index / land.width), 1, 1);
    });
  }
}

function choice(label, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.title = label;
  button.setAttribute("role", "radio");
  button.setAttribute("aria-label", label);
  button.setAttribute("aria-checked", "false");
  button.addEventListener("click", act);
  return button;
}

function check(button, yes) {
  button.setAttribute("aria-checked", String(yes));
}

function picture(button, size) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size * 2;
  button.append(canvas);
  const ctx = canvas.getContext("2d");
  ctx.scale(2, 2);
  return ctx;
}

function paw(ctx, size) {
  ctx.save();
  ctx.scale(size, size);
  ctx.fillStyle = "#7d6a58";
  for (const [x, y, w, h] of [[0.5, 0.6, 0.15, 0.13], [0.31, 0.47, 0.062, 0.08], [0.43, 0.34, 0.066, 0.088], [0.58, 0.34, 0.066, 0.088], [0.69, 0.47, 0.062, 0.08]]) {
    ctx.beginPath();
    ctx.ellipse(x, y, w, h, 0, 0, 7);
    ctx.fill();
  }
  ctx.restore();
}
