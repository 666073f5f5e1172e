// The list that drops down from a select: search, one or several choices, mouse and keyboard.

import { h } from "./dom.js";
import { icon } from "./icons.js";

let open = null;
let counter = 0;

/**
 * Show `items` (`{value, label, description?, picture?}`) at `anchor`. With `multiple`, choices are collected and
 * `done(values)` is called when the list closes with a valid, changed choice; otherwise at the first choice. Called
 * again for the same anchor, the list closes.
 */
export function openMenu(anchor, { items, chosen = [], min = 1, max = 1, name, search = false, done }) {
  if (open?.anchor === anchor) {
    open.leave();
    return;
  }
  closeMenu();
  const multiple = max > 1;
  const picked = new Set(chosen);
  const id = `menu-${++counter}`;
  const list = h("ul", { role: "listbox", id, "aria-label": name, "aria-multiselectable": multiple, tabindex: -1 });
  const field = search
    ? h("input", {
        type: "text",
        class: "menu-search",
        placeholder: "Search",
        "aria-label": `Search ${name}`,
        "aria-controls": id,
        autocomplete: "off",
      })
    : null;
  const count = h("span", { class: "menu-count" });
  const foot = multiple
    ? h(
        "div",
        { class: "menu-foot" },
        count,
        h("button", { type: "button", class: "btn btn-1", onclick: () => finish() }, "Done"),
      )
    : null;
  const menu = h("div", { class: "menu" }, field, list, foot);
  const host = anchor.closest("dialog") ?? document.body;
  let shown = [];
  let active = -1;

  const draw = () => {
    const wanted = (field?.value ?? "").trim().toLowerCase();
    shown = items.filter(
      (item) => item.label.toLowerCase().includes(wanted) || item.description?.toLowerCase().includes(wanted),
    );
    list.replaceChildren(
      ...shown.map((item, index) =>
        h(
          "li",
          {
            role: "option",
            id: `${id}-${index}`,
            "aria-selected": String(picked.has(item.value)),
            "data-value": item.value,
            onclick: () => choose(index),
          },
          item.picture?.() ?? null,
          h(
            "span",
            { class: "menu-words" },
            h("span", {}, item.label),
            item.description ? h("small", {}, item.description) : null,
          ),
          picked.has(item.value) ? icon("check") : null,
        ),
      ),
    );
    if (!shown.length) list.append(h("li", { class: "menu-none", role: "presentation" }, "Nothing fits."));
    count.textContent = `${picked.size} of ${max}`;
    activate(Math.max(0, Math.min(active, shown.length - 1)));
  };
  const activate = (index) => {
    list.querySelector(".active")?.classList.remove("active");
    active = shown.length ? index : -1;
    const element = list.children[active];
    element?.classList.add("active");
    element?.scrollIntoView({ block: "nearest" });
    (field ?? list).setAttribute("aria-activedescendant", active < 0 ? "" : `${id}-${active}`);
  };
  const choose = (index) => {
    const { value } = shown[index];
    if (!multiple) {
      const same = picked.has(value);
      picked.clear();
      if (!same || min > 0) picked.add(value);
      finish();
      return;
    }
    if (picked.has(value)) picked.delete(value);
    else if (picked.size < max) picked.add(value);
    active = index;
    draw();
  };
  const finish = () => {
    const values = items.filter((item) => picked.has(item.value)).map((item) => item.value);
    const changed = values.length !== chosen.length || values.some((value) => !chosen.includes(value));
    closeMenu();
    anchor.focus({ preventScroll: true });
    if ((!multiple || changed) && values.length >= min) done(values);
  };
  const leave = () => (multiple ? finish() : closeMenu(true));
  menu.onkeydown = (event) => {
    const moves = { ArrowDown: active + 1, ArrowUp: active - 1, Home: 0, End: shown.length - 1 };
    if (event.key in moves && shown.length) activate((moves[event.key] + shown.length) % shown.length);
    else if (event.key === "Enter" || (event.key === " " && event.target !== field)) {
      if (event.target.closest(".menu-foot")) return;
      if (active >= 0) choose(active);
    } else if (event.key === "Escape" || (event.key === "Tab" && !multiple)) leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  if (field) field.oninput = draw;
  const outside = (event) => {
    if (!menu.contains(event.target) && !anchor.contains(event.target)) leave();
  };
  const place = () => {
    const { left, top, bottom, width } = anchor.getBoundingClientRect();
    const below = innerHeight - bottom - 12;
    const above = top - 12;
    const under = below >= Math.min(menu.scrollHeight, 300) || below >= above;
    menu.style.width = `${Math.min(Math.max(width, 240), innerWidth - 16)}px`;
    menu.style.left = `${Math.max(8, Math.min(left, innerWidth - 8 - menu.offsetWidth))}px`;
    menu.style.maxHeight = `${Math.min(340, under ? below : above)}px`;
    menu.style.top = under ? `${bottom + 4}px` : "";
    menu.style.bottom = under ? "" : `${innerHeight - top + 4}px`;
  };
  host.append(menu);
  draw();
  place();
  anchor.setAttribute("aria-expanded", "true");
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("scroll", place, true);
  addEventListener("resize", place);
  const close = () => {
    menu.remove();
    anchor.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("scroll", place, true);
    removeEventListener("resize", place);
  };
  open = { anchor, close, leave };
  (field ?? list).focus({ preventScroll: true });
}

/** Close whatever list is open; nothing is chosen. */
export function closeMenu(refocus = false) {
  const was = open;
  open = null;
  was?.close();
  if (refocus) was?.anchor.focus({ preventScroll: true });
}
