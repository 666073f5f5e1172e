// Puts the parts together: who is here, what they do, and one loop that draws it.

import { Hands } from "./hands.js";
import { Land } from "./land.js";
import { Link } from "./link.js";
import { $, SmallMap, WALK, drawSleepers, makeAnimals, makeTools, setState, showBanner, showPlayers } from "./panels.js";
import { Scene } from "./scene.js";
import { chance } from "./season.js";

const SPEED = 6.5;
const SWIM_SPEED = 4;
const WORDS_MS = 7000;
// Somebody who does nothing for so long leaves by themselves, so that a forgotten tab keeps no server awake.
const IDLE_MS = 20 * 60 * 1000;

let land = preview();
let tool = WALK;
let me = null;
let target = null;
let pickTool = () => {};
let map = null;
let lastUsed = performance.now();
let wanted = {};
const players = new Map();
const scene = new Scene($("view"), land);

const link = new Link({
  hello(hello) {
    const place = me && { x: me.x, y: me.y };
    land = scene.land = new Land(hello.width, hello.height, hello.rows);
    players.clear();
    for (const player of [...hello.players, hello.you]) arrive(player);
    me = players.get(hello.you.id);
    me.you = true;
    if (place) Object.assign(me, place);
    link.move(me.x, me.y);
    target = null;
    dress(hello.season);
    scene.follow(me, 1);
    document.title = `${hello.title} · Meadow`;
    $("title").textContent = hello.title;
    lastUsed = performance.now();
    setState("playing");
    if (hello.greeting && !place) showBanner(hello.greeting);
    listPlayers();
  },
  message(message) {
    const player = players.get(message.id);
    switch (message.t) {
      case "join": arrive(message.player); listPlayers(); break;
      case "leave": players.delete(message.id); listPlayers(); break;
      case "moves": message.places.forEach(([id, x, y]) => { const who = players.get(id); if (who && who !== me) who.goal = { x, y }; }); break;
      case "plant": message.cells.forEach(([x, y, kind]) => land.set(x, y, kind, performance.now())); break;
      case "chat": if (player) player.words = { text: message.text, until: performance.now() + WORDS_MS }; break;
      case "say": showBanner(message.text); break;
      case "sleep": setState("sleeping"); break;
    }
  },
  lost() {
    setState(me ? "sleeping" : "joining");
    if (!me) problem("The meadow does not answer. Trying again …");
  },
  ended(why, code) {
    if (code === 4003) doze("Somebody who looks after this meadow asked you to leave.");
    else if (me && code === 4004) doze("That was a little too fast for the meadow.");
    else {
      setState("joining");
      problem(why);
      if (code === 4001) $("password").focus();
    }
  },
});

const hands = new Hands($("view"), scene, {
  walk(place) { target = place; },
  paint(x, y) {
    if (!me || land.at(x, y) === null) return;
    if (land.set(x, y, tool, performance.now())) link.plant(x, y, tool);
    // The animal comes along and stops beside what it plants.
    if (Math.hypot(x + 0.5 - me.x, y + 0.5 - me.y) > 2) target = { x: x + (x < me.x ? 1.6 : -0.6), y: y + 0.9 };
  },
  zoom(steps) { scene.zoomBy(steps); },
  tool(number) { pickTool(number); },
  talk() { $("words").focus(); },
  used() { lastUsed = performance.now(); },
});

function arrive(player) {
  players.set(player.id, { ...player, step: 0, moving: false, left: false, goal: { x: player.x, y: player.y } });
}

function listPlayers() {
  const here = [...players.values()].sort((a, b) => Boolean(b.you) - Boolean(a.you));
  document.documentElement.dataset.players = here.length;
  showPlayers(here);
}

function dress(season) {
  scene.setSeason(season);
  map = new SmallMap(scene.season);
  pickTool = makeTools(scene.season, (kind) => {
    tool = kind;
    hands.walking = kind === WALK;
    hands.hover = null;
  });
  pickTool(0);
}

function doze(words) {
  link.close();
  $("away-words").textContent = words;
  setState("away");
}

function problem(text) {
  $("join-problem").textContent = text;
}

function walk(seconds) {
  if (!me) return;
  const keys = hands.direction();
  if (keys) target = null;
  const way = keys ?? (target && { x: target.x - me.x, y: target.y - me.y });
  const left = keys ? Infinity : way ? Math.hypot(way.x, way.y) : 0;
  if (left < 0.05) {
    target = null;
    me.moving = false;
    return;
  }
  const speed = land.at(Math.floor(me.x), Math.floor(me.y)) === "~" ? SWIM_SPEED : SPEED;
  const share = keys ? speed * seconds : Math.min(1, (speed * seconds) / left);
  advance(me, clamp(me.x + way.x * share, land.width), clamp(me.y + way.y * share, land.height));
  if (me.moving) link.move(me.x, me.y);
  else target = null;
}

function advance(player, x, y) {
  const distance = Math.hypot(x - player.x, y - player.y);
  player.moving = distance > 0.004;
  if (Math.abs(x - player.x) > 0.003) player.left = x < player.x;
  player.step += distance;
  Object.assign(player, { x, y });
}

function frame(now) {
  const seconds = Math.min(0.1, (now - frame.last) / 1000);
  frame.last = now;
  const state = document.documentElement.dataset.state;
  if (state === "playing") {
    walk(seconds);
    const share = 1 - Math.exp(-seconds * 9);
    for (const player of players.values()) {
      if (player !== me) advance(player, player.x + (player.goal.x - player.x) * share, player.y + (player.goal.y - player.y) * share);
    }
    if (me && !(hands.busy && !hands.walking)) scene.follow(me, 1 - Math.exp(-seconds * 4));
    map?.draw(land, players.values());
  }
  scene.draw([...players.values()], now, hands.hover);
  drawSleepers(now);
  requestAnimationFrame(frame);
}

// What is behind the first card: nobody's meadow, only a picture of one.
function preview() {
  const picture = new Land(96, 64);
  for (let y = 0; y < 64; y++) {
    for (let x = 0; x < 96; x++) {
      const patch = Math.sin(x * 0.31 + 1) + Math.sin(y * 0.37 + x * 0.09) + Math.sin(x * 0.13 - y * 0.21);
      const luck = chance(x, y, 31);
      const pond = Math.hypot((x - 52) / 7, (y - 37) / 3.5) < 1 + chance(x, y, 3) * 0.1;
      const kind = pond ? "~" : luck < 0.16 + patch * 0.06 ? "gdbpgdtu"[Math.floor(chance(x, y, 32) * 8)] : ".";
      picture.cells[y * 96 + x] = kind;
    }
  }
  return picture;
}

function list(names) {
  const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  return new Intl.ListFormat("en").format(shown);
}

function clamp(value, most) {
  return Math.min(most, Math.max(0, value));
}

function remember(name, value) {
  try {
    if (value !== undefined) localStorage.setItem(`meadow-${name}`, value);
    return localStorage.getItem(`meadow-${name}`) ?? "";
  } catch {
    return "";
  }
}

async function greet() {
  $("name").value = remember("name");
  const chosenAnimal = makeAnimals(remember("animal"));
  $("join-form").addEventListener("submit", (event) => {
    event.preventDefault();
    problem("");
    wanted = { name: $("name").value, animal: chosenAnimal(), password: $("password").value };
    remember("name", wanted.name);
    remember("animal", wanted.animal);
    document.activeElement?.blur();
    link.open(wanted);
  });
  $("return").addEventListener("click", () => link.open(wanted));
  $("chat").addEventListener("submit", (event) => {
    event.preventDefault();
    if ($("words").value.trim()) link.chat($("words").value);
    $("words").value = "";
    $("words").blur();
  });
  $("words").addEventListener("keydown", (event) => event.key === "Escape" && $("words").blur());
  $("map").addEventListener("click", (event) => (target = { x: (event.offsetX / event.target.clientWidth) * land.width, y: (event.offsetY / event.target.clientHeight) * land.height }));
  addEventListener("resize", () => scene.resize());
  const status = await fetch("status", { cache: "no-store" }).then((answer) => answer.json());
  $("join-title").textContent = document.title = status.title;
  $("password").hidden = !status.locked;
  const { names, online, max } = status.players;
  if (online >= max) problem("The meadow is full right now. Try again when somebody has left.");
  else if (online) $("join-note").textContent = `${list(names)} ${online === 1 ? "is" : "are"} here.`;
  scene.setSeason(status.season);
  if (matchMedia("(pointer: fine)").matches) $("name").focus();
}

// A timer, as a tab in the background draws no frames.
setInterval(() => {
  const idle = performance.now() - lastUsed > IDLE_MS;
  if (idle && me && document.documentElement.dataset.state !== "away") doze("You dozed off in the grass, so the meadow does not wait for you.");
}, 5000);

frame.last = performance.now();
requestAnimationFrame(frame);
greet();
