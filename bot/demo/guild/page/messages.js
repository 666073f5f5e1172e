// The middle of the page: the messages of the open channel, drawn incrementally.

import { h, morph } from "./dom.js";
import { icon } from "./icons.js";
import { messageNode } from "./message.js";

const PAGE = 50;
const MOST_AT_BOTTOM = 200;
const STUCK_WITHIN_PX = 48;
const OLDER_WITHIN_PX = 400;

export class MessageList {
  #drawn = new Map();
  #limit = PAGE;
  #stuck = true;
  #anchor = null;
  #top = 0;
  #fetching = null;
  #unseen = 0;
  #history = null;

  /** `page`: store, api, interactions and what a message needs (see `message.js`). */
  constructor(page) {
    this.page = page;
    this.scroller = document.getElementById("scroller");
    this.log = document.getElementById("log");
    this.welcome = document.getElementById("welcome");
    this.jump = document.getElementById("jump");
    this.jump.onclick = () => this.toBottom();
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const sizes = new ResizeObserver(() => this.#hold());
    sizes.observe(this.log);
    sizes.observe(this.scroller);
  }

  /** Open the store's current channel, at its newest message. */
  show(history) {
    this.#history = history;
    this.#drawn.clear();
    this.log.replaceChildren();
    this.#limit = PAGE;
    this.redraw();
    this.toBottom();
  }

  /** Draw what changed in the history; everything else stays as it is. */
  redraw() {
    const { messages } = this.#history;
    if (this.#stuck && this.#limit > MOST_AT_BOTTOM) this.#limit = PAGE;
    const shown = messages.slice(-this.#limit);
    const wanted = new Set(shown.map((message) => message.id));
    for (const [id, drawn] of this.#drawn) {
      if (wanted.has(id)) continue;
      drawn.element.remove();
      this.#drawn.delete(id);
    }
    let next = this.log.firstElementChild;
    const offset = messages.length - shown.length;
    shown.forEach((message, index) => {
      const element = this.#draw(message, messages[offset + index - 1]);
      if (element === next) next = next.nextElementSibling;
      else this.log.insertBefore(element, next);
    });
    this.#drawWelcome(offset === 0);
    this.#hold();
  }

  /** Draw one message again although it did not change: something else it shows did. */
  refresh(id) {
    const drawn = this.#drawn.get(id);
    if (!drawn) return;
    drawn.message = null;
    this.redraw();
  }

  refreshAll() {
    for (const drawn of this.#drawn.values()) drawn.message = null;
    if (this.#history) this.redraw();
  }

  /** A message came: one's own (or the bot's answer to oneself) is shown at once; others count while one reads on. */
  arrived(message) {
    const { me } = this.page.store;
    const own = message.author.id === me.id || message.ephemeral_for === me.id;
    if (!this.#stuck && !own) {
      this.#limit += 1;
      this.#unseen += 1;
    }
    this.redraw();
    if (own) this.toBottom();
    else this.#drawJump();
  }

  toBottom() {
    this.#stuck = true;
    this.#unseen = 0;
    this.#hold();
    this.#drawJump();
  }

  /** Scroll to a message, fetching older ones when it is not among those drawn. */
  async jumpTo(id) {
    for (let page = 0; page < 10 && !this.#drawn.has(id) && (await this.#older()); page += 1);
    const element = this.#drawn.get(id)?.element;
    if (!element) return;
    this.#stuck = false;
    element.scrollIntoView({ block: "center" });
    element.classList.remove("flash");
    requestAnimationFrame(() => element.classList.add("flash"));
    element.focus({ preventScroll: true });
  }

  #draw(message, previous) {
    const drawn = this.#drawn.get(message.id);
    const answered = message.message_reference?.message_id;
    const quoted = answered ? this.#history.get(answered) : undefined;
    const same = drawn && drawn.message === message && drawn.previous === previous?.id && drawn.quoted === quoted;
    if (same) return drawn.element;
    const fresh = messageNode(message, previous, this.page);
    const element = drawn ? morph(drawn.element, fresh) : fresh;
    this.#drawn.set(message.id, { message, previous: previous?.id, quoted, element });
    return element;
  }

  #drawWelcome(atStart) {
    const { store } = this.page;
    const show = atStart && this.#history.complete && store.channel;
    this.welcome.hidden = !show;
    if (!show) return;
    const name = store.channelName(store.channel);
    const direct = store.isDirect(store.channel);
    morph(
      this.welcome,
      h(
        "div",
        { id: "welcome", class: "welcome" },
        h("div", { class: "welcome-sign" }, icon(direct ? "at" : "hash")),
        h("h2", {}, direct ? name : `Welcome to #${name}`),
        h(
          "p",
          {},
          direct
            ? `This is the start of your direct messages with ${name}.`
            : `This is the start of #${name}. ${store.channel.topic ?? ""}`,
        ),
      ),
    );
  }

  #drawJump() {
    this.jump.hidden = this.#stuck;
    this.jump.textContent = this.#unseen ? `${this.#unseen} new · jump to present` : "Jump to present";
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    // What grew below while this event was under way is no wish to read further up: only a way up is.
    const up = scrollTop < this.#top - 1;
    this.#stuck = scrollHeight - clientHeight - scrollTop < STUCK_WITHIN_PX || (this.#stuck && !up);
    this.#top = scrollTop;
    if (this.#stuck) this.#unseen = 0;
    this.#remember();
    this.#drawJump();
    if (scrollTop < OLDER_WITHIN_PX) this.#older();
  }

  /** Which message is first in sight, and where: what must not move when something above it changes. */
  #remember() {
    const top = this.scroller.getBoundingClientRect().top;
    const items = this.log.children;
    let low = 0;
    let high = items.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (items[middle].getBoundingClientRect().bottom > top) high = middle;
      else low = middle + 1;
    }
    const element = items[low];
    this.#anchor = element ? { element, top: element.getBoundingClientRect().top } : null;
  }

  #hold() {
    if (this.#stuck) this.scroller.scrollTop = this.scroller.scrollHeight;
    else if (this.#anchor?.element.isConnected) {
      const moved = this.#anchor.element.getBoundingClientRect().top - this.#anchor.top;
      if (Math.abs(moved) >= 1) this.scroller.scrollTop += moved;
    }
    this.#top = this.scroller.scrollTop;
  }

  /** Show a page more of older messages; true when there were any. */
  #older() {
    this.#fetching ??= this.#fetchOlder().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  async #fetchOlder() {
    const history = this.#history;
    if (!history?.loaded) return false;
    const count = history.messages.length;
    if (count <= this.#limit) {
      if (history.complete) return false;
      const before = history.messages[0]?.id;
      const older = await this.page.api.messages(this.page.store.channel.id, { before, limit: PAGE });
      if (this.#history !== history) return false;
      older.forEach((message) => history.add(message));
      history.complete = older.length < PAGE;
    }
    const more = history.messages.length > this.#limit;
    this.#limit += PAGE;
    this.redraw();
    return more;
  }
}
