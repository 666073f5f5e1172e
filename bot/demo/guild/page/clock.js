// Discord's timestamps `<t:unix:style>`: in the reader's own time zone; relative ones count by themselves.

import { h } from "./dom.js";

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};
const UNITS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const LOCALE = "en-GB";
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: "always" });
const formats = new Map();

/** A moment as text; `unix` in seconds. */
export function format(unix, style = "f") {
  if (style === "R") return sinceOrUntil(unix);
  if (!formats.has(style)) formats.set(style, new Intl.DateTimeFormat(LOCALE, STYLES[style]));
  return formats.get(style).format(unix * 1000);
}

export function timestamp(unix, style = "f") {
  const moment = new Date(unix * 1000);
  if (Number.isNaN(moment.getTime())) return h("span", {}, "Invalid date");
  const props = { class: "timestamp", datetime: moment.toISOString(), title: format(unix, "F") };
  if (style === "R") props["data-relative"] = unix;
  return h("time", props, format(unix, style));
}

/** When a message was written, as its header says it: the time today, with the day before that. */
export function written(iso) {
  const moment = new Date(iso);
  const unix = moment.getTime() / 1000;
  const today = new Date().toDateString() === moment.toDateString();
  const text = today ? format(unix, "t") : `${format(unix, "d")}, ${format(unix, "t")}`;
  return h("time", { class: "written", datetime: moment.toISOString(), title: format(unix, "F") }, text);
}

/** Once a second, on the second, let every relative timestamp in the page count. */
export function startClock() {
  const tick = () => {
    for (const element of document.querySelectorAll("time[data-relative]")) {
      const text = sinceOrUntil(Number(element.dataset.relative));
      if (element.textContent !== text) element.firstChild.data = text;
    }
    setTimeout(tick, 1005 - (Date.now() % 1000));
  };
  tick();
}

function sinceOrUntil(unix) {
  const seconds = Math.round(unix - Date.now() / 1000);
  const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS.at(-1);
  return relative.format(Math.round(seconds / length), unit);
}
