// The list above the composer: commands, options, choices, people and channels. Focus stays in the input.

import { h } from "./dom.js";

export class Suggestions {
  items = [];
  active = -1;
  /** True once the reader moved in the list: then Enter means what is marked. */
  moved = false;
  #pick = null;
  #input = null;

  constructor(holder) {
    this.holder = holder;
    this.holder.hidden = true;
  }

  get open() {
    return !this.holder.hidden;
  }

  /**
   * Show `items` (`{label, description?, side?, picture?}`) under `title` and `note`; `pick(item)` when one is chosen.
   * `input` is the field being typed in: it points to the marked item for screen readers.
   */
  show({ title, note, items, pick, input, busy = false }) {
    const same =
      this.items.length === items.length && this.items.every((item, index) => item.label === items[index].label);
    this.items = items;
    this.#pick = pick;
    this.#input = input;
    if (!same || !this.open) {
      this.moved = false;
      this.active = items.length ? 0 : -1;
    }
    const list = h(
      "ul",
      { id: "suggestions", role: "listbox", "aria-label": title },
      items.map((item, index) =>
        h(
          "li",
          {
            role: "option",
            id: `suggestion-${index}`,
            "aria-selected": String(index === this.active),
            "data-label": item.label,
            onclick: () => this.#pick(item),
          },
          item.picture?.() ?? null,
          h("span", { class: "suggestion-name" }, item.label),
          item.description ? h("span", { class: "suggestion-note" }, item.description) : null,
          item.side ? h("span", { class: "suggestion-side" }, item.side) : null,
        ),
      ),
    );
    const head = h(
      "div",
      { class: "suggestions-head" },
      h("strong", {}, title),
      note ? h("span", {}, note) : null,
      busy ? h("span", { class: "spinner" }) : null,
    );
    this.holder.replaceChildren(head, list);
    this.holder.hidden = false;
    input?.setAttribute("aria-expanded", String(items.length > 0));
    this.#mark();
  }

  hide() {
    this.holder.hidden = true;
    this.holder.replaceChildren();
    this.items = [];
    this.active = -1;
    this.moved = false;
    this.#input?.removeAttribute("aria-activedescendant");
    this.#input?.setAttribute("aria-expanded", "false");
  }

  move(step) {
    if (!this.items.length) return false;
    this.active = (this.active + step + this.items.length) % this.items.length;
    this.moved = true;
    this.#mark();
    return true;
  }

  /** Choose what is marked; false when nothing is. */
  pickActive() {
    const item = this.items[this.active];
    if (!this.open || !item) return false;
    this.#pick(item);
    return true;
  }

  #mark() {
    const options = [...this.holder.querySelectorAll("[role=option]")];
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === this.active)));
    options[this.active]?.scrollIntoView({ block: "nearest" });
    if (this.active >= 0) this.#input?.setAttribute("aria-activedescendant", `suggestion-${this.active}`);
    else this.#input?.removeAttribute("aria-activedescendant");
  }
}

/** Items whose name or description fits what was typed, those that begin with it first. */
export function filterItems(items, typed) {
  const wanted = typed.trim().replace(/^[@#]/, "").toLowerCase();
  if (!wanted) return items;
  const begins = (item) => item.label.toLowerCase().startsWith(wanted);
  const fits = items.filter(
    (item) => item.label.toLowerCase().includes(wanted) || item.description?.toLowerCase().startsWith(wanted),
  );
  return fits.sort((a, b) => Number(begins(b)) - Number(begins(a)));
}
