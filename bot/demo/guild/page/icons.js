// Icons and avatars, drawn here. They are constant markup, so they may be parsed; no text from people enters them.

import { h } from "./dom.js";

const PATHS = {
  hash: '<path d="M9 3 7 21M17 3l-2 18M4 8.5h17M3 15.5h17"/>',
  voice:
    '<path d="M4 9v6h4l5 4V5L8 9H4z" fill="currentColor"/><path d="M16.5 8.5a5 5 0 0 1 0 7M19 6a8.5 8.5 0 0 1 0 12"/>',
  at: '<circle cx="12" cy="12" r="4"/><path d="M16 8v5.5a2.5 2.5 0 0 0 5 0V12a9 9 0 1 0-3.6 7.2"/>',
  menu: '<path d="M4 6h16M4 12h16M4 18h16"/>',
  members:
    '<circle cx="9" cy="8" r="3.6"/><path d="M2.5 20c.4-4 2.8-6 6.5-6s6.1 2 6.5 6M16 4.8a3.5 3.5 0 0 1 0 6.4M18 14.5c2.1.9 3.2 2.7 3.5 5.5"/>',
  plus: '<circle cx="12" cy="12" r="9.5"/><path d="M12 7.5v9M7.5 12h9"/>',
  close: '<path d="m6 6 12 12M18 6 6 18"/>',
  send: '<path d="M4 12 3 4l18 8-18 8 1-8zm0 0h8" stroke-linejoin="round"/>',
  file: '<path d="M6 2.5h8l5 5V21.5H6zM14 2.5v5h5" stroke-linejoin="round"/>',
  download: '<path d="M12 4v11m-5-5 5 5 5-5M5 20h14"/>',
  chevron: '<path d="m6 9 6 6 6-6"/>',
  reply: '<path d="M9 5 3 11l6 6M3 11h11c4 0 6 2 7 7"/>',
  eye: '<path d="M2 12c3-5 6.5-7 10-7s7 2 10 7c-3 5-6.5 7-10 7s-7-2-10-7z"/><circle cx="12" cy="12" r="3"/>',
  more: '<g fill="currentColor" stroke="none"><circle cx="5" cy="12" r="2"/><circle cx="12" cy="12" r="2"/><circle cx="19" cy="12" r="2"/></g>',
  external: '<path d="M13 4h7v7M20 4l-9 9M18 14v6H4V6h6"/>',
  check: '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
  slash: '<rect x="3" y="3" width="18" height="18" rx="4"/><path d="m14.5 7-5 10"/>',
  role: '<path d="M12 2.5 20 6v6c0 5-3.5 8-8 9.5C7.5 20 4 17 4 12V6z" stroke-linejoin="round"/>',
  alert: '<circle cx="12" cy="12" r="9.5"/><path d="M12 7v6.5M12 16.8v.2"/>',
  trash: '<path d="M4 6.5h16M9 6V3.5h6V6M6 6.5l1 14h10l1-14M10 10.5v6M14 10.5v6"/>',
};

const COLOURS = ["#e0625e", "#3f8fd2", "#4aa564", "#8f6bd6", "#c77a2c", "#2f9d9a", "#c45a93"];

export function icon(name) {
  const holder = document.createElement("template");
  holder.innerHTML = `<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${PATHS[name]}</svg>`;
  return holder.content.firstChild;
}

/** A round picture for a user: the dormouse for bots, initials on the user's own colour for people. */
export function avatar(user, name) {
  if (user?.bot) return h("img", { class: "avatar", src: "/page/static/dormouse.svg", alt: "" });
  const index = [...String(user?.id ?? name)].reduce((sum, char) => (sum * 31 + char.codePointAt(0)) % 9973, 7);
  const initials = name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? "")
    .join("");
  const style = `background:${COLOURS[index % COLOURS.length]}`;
  return h("span", { class: "avatar", style, "aria-hidden": "true", "data-initials": initials.toUpperCase() || "?" });
}
