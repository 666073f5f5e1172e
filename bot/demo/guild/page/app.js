// The page of the loopback guild: start, and what happens between the parts.

import { Api, Events } from "./api.js";
import { startClock } from "./clock.js";
import { Composer } from "./composer.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { Interactions } from "./interactions.js";
import { closeMenu } from "./menu.js";
import { MessageList } from "./messages.js";
import { openModal } from "./modal.js";
import { closeDrawers, drawChannels, drawHeader, drawMembers, drawPeople } from "./sidebar.js";
import { Store } from "./store.js";

const TYPING_MS = 10_000;
const HISTORY = 50;
const HINT_HIDDEN = "hint-hidden";

/** Everything the parts need of each other; each part takes it as `page`. */
class Page {
  store = new Store();
  api = null;
  #events = null;
  #dismissed = new Set();
  #typingTimer = 0;

  constructor() {
    this.interactions = new Interactions(this);
    this.messages = new MessageList(this);
    this.composer = new Composer(this);
  }

  async start() {
    startClock();
    this.store.people = await this.#firstAnswer();
    const wanted = new URLSearchParams(location.search).get("as");
    const person = this.store.people.find((one) => one.id === wanted) ?? this.store.people[0];
    this.become(person.id);
  }

  /** Be another person: nothing of the one before stays, and the address says who one is. */
  become(id) {
    if (this.api?.person === id) return;
    this.#events?.close();
    document.querySelector("dialog")?.close();
    closeMenu();
    this.store.forget();
    if (this.store.channel) this.messages.show(this.store.history(this.store.channel.id));
    this.interactions.forget();
    this.composer.forget();
    this.api = new Api(id);
    this.#dismissed = new Set(JSON.parse(sessionStorage.getItem(`dismissed-${id}`) ?? "[]"));
    const address = new URL(location.href);
    address.searchParams.set("as", id);
    history.replaceState(null, "", address);
    this.#events = new Events(id, {
      onopen: () => this.#load(),
      onevent: (type, data) => this.#happened(type, data),
      ondown: () => {
        this.store.connected = false;
        this.#drawNotice();
      },
    });
  }

  async openChannel(id) {
    const { store } = this;
    const channel = store.channels.get(id);
    if (!channel) return;
    closeDrawers();
    store.channel = channel;
    store.unread.delete(id);
    for (const storage of [sessionStorage, localStorage]) storage.setItem(`channel-${this.api.person}`, id);
    document.title = `${store.isDirect(channel) ? "" : "#"}${store.channelName(channel)} · ${store.guild.name}`;
    drawChannels(this);
    drawHeader(this);
    this.composer.show(channel);
    this.messages.show(store.history(id));
    this.#drawTyping();
    if (matchMedia("(min-width: 800px)").matches) this.composer.focus();
    if (!store.history(id).loaded) await this.#fetch(id);
  }

  openCommand(name) {
    this.composer.openCommand(name);
  }

  /** A command was used: whoever used the one that the hint names needs it no more. */
  used(name) {
    if (name !== "server create") return;
    localStorage.setItem(HINT_HIDDEN, "yes");
    drawHint(this);
  }

  openModal(modal, submit) {
    openModal(modal, this, submit);
  }

  jumpTo(id) {
    this.messages.jumpTo(id);
  }

  refresh(id) {
    this.messages.refresh(id);
  }

  /** Show a message. `known`: it is an answer to a request, which the socket may already have overtaken. */
  insert(message, { known = false } = {}) {
    const history = this.store.history(message.channel_id);
    if (this.#dismissed.has(message.id)) return;
    const how = known ? history.add(message) : history.upsert(message);
    if (how === null) return;
    if (how === "changed") this.interactions.changed(message.id);
    if (message.channel_id === this.store.channel?.id) {
      if (how === "new") this.messages.arrived(message);
      else this.messages.redraw();
    } else if (how === "new" && message.author.id !== this.store.me?.id) this.#markUnread(message);
  }

  discard(id, channel) {
    if (this.store.history(channel).remove(id) && channel === this.store.channel?.id) this.messages.redraw();
  }

  dismiss(message) {
    this.#dismissed.add(message.id);
    sessionStorage.setItem(`dismissed-${this.api.person}`, JSON.stringify([...this.#dismissed].slice(-500)));
    this.discard(message.id, message.channel_id);
    this.composer.focus();
  }

  async deleteMessage(message) {
    try {
      await this.api.remove(message.channel_id, message.id);
      this.discard(message.id, message.channel_id);
    } catch (problem) {
      this.interactions.local(message.id).failure = problem.message;
      this.refresh(message.id);
    }
  }

  async #firstAnswer() {
    for (;;) {
      try {
        return await Api.people();
      } catch (problem) {
        this.#say(problem.message);
        await new Promise((again) => setTimeout(again, 1000));
      }
    }
  }

  /** At every (re)connection: fetch what there is now, since nothing says what was missed. */
  async #load() {
    const { api, store } = this;
    try {
      const state = await api.state();
      if (this.api !== api) return;
      store.connected = true;
      store.load(state);
      store.distrust();
    } catch (problem) {
      this.#say(problem.message);
      return;
    }
    drawPeople(this);
    drawMembers(this);
    this.#drawNotice();
    drawHint(this);
    const channel = store.channels.get(store.channel?.id);
    if (!channel) await this.openChannel(this.#lastChannel());
    else {
      store.channel = channel;
      drawChannels(this);
      drawHeader(this);
      await this.#fetch(channel.id);
    }
  }

  #lastChannel() {
    const { store, api } = this;
    const key = `channel-${api.person}`;
    const wanted = [location.hash.slice(1), sessionStorage.getItem(key), localStorage.getItem(key)];
    const known = wanted.find((id) => id && store.channels.has(id));
    const first = store.textChannels().sort((a, b) => a.position - b.position);
    return (
      known ?? (first.find((channel) => channel.name === "servers") ?? first[0] ?? [...store.channels.values()][0])?.id
    );
  }

  async #fetch(id) {
    const { api, store } = this;
    const history = store.history(id);
    history.expect();
    try {
      const messages = await api.messages(id, { limit: HISTORY });
      if (this.api !== api) return;
      history.replace(
        messages.filter((message) => !this.#dismissed.has(message.id)),
        messages.length < HISTORY,
      );
      if (store.channel?.id === id) this.messages.redraw();
    } catch (problem) {
      this.#say(problem.message);
    }
  }

  #happened(type, data) {
    const { store } = this;
    switch (type) {
      case "message_create":
      case "message_update":
        if (type === "message_create") store.typing.delete(`${data.channel_id} ${data.author.id}`);
        this.insert(data);
        this.#drawTyping();
        break;
      case "message_delete":
        this.discard(data.id, data.channel_id);
        break;
      case "commands":
        store.commands = data;
        this.composer.refresh();
        break;
      case "presence":
        store.setPresence(data.user_id, data.online);
        if (store.me) drawMembers(this);
        this.#drawNotice();
        break;
      case "channels":
        store.setChannels(data);
        if (!store.me) break;
        if (store.channels.has(store.channel?.id)) store.channel = store.channels.get(store.channel.id);
        else if (data.length) this.openChannel(this.#lastChannel());
        drawChannels(this);
        drawHeader(this);
        break;
      case "roles":
        store.setRoles(data);
        if (store.me) drawMembers(this);
        break;
      case "planned":
        store.planned = data;
        if (store.me) drawChannels(this);
        break;
      case "members":
        store.setMembers(data);
        if (!store.me) break;
        drawMembers(this);
        drawChannels(this);
        this.messages.refreshAll();
        break;
      case "typing":
        if (data.user_id === store.me?.id) break;
        store.typing.set(`${data.channel_id} ${data.user_id}`, Date.now() + TYPING_MS);
        this.#drawTyping();
        break;
      default:
    }
  }

  #markUnread(message) {
    const { store } = this;
    if (!store.me) return;
    const unread = store.unread.get(message.channel_id) ?? { mentions: 0 };
    const direct = store.isDirect(store.channels.get(message.channel_id));
    if (direct || store.mentions(message)) unread.mentions += 1;
    store.unread.set(message.channel_id, unread);
    drawChannels(this);
  }

  #drawTyping() {
    const { store } = this;
    clearTimeout(this.#typingTimer);
    const now = Date.now();
    const names = [];
    for (const [key, until] of store.typing) {
      const [channel, user] = key.split(" ");
      if (until <= now) store.typing.delete(key);
      else if (channel === store.channel?.id) names.push(store.name({ id: user }));
    }
    const words = names.length
      ? h("span", {}, h("strong", {}, names.join(", ")), names.length > 1 ? " are typing…" : " is typing…")
      : "";
    document.getElementById("typing").replaceChildren(words);
    if (store.typing.size) this.#typingTimer = setTimeout(() => this.#drawTyping(), 1000);
  }

  #drawNotice() {
    const { store } = this;
    const away = [...store.bots.values()].filter((bot) => !bot.online);
    if (!store.connected) this.#say("Connection lost. Trying again…");
    else if (!store.bots.size) this.#say("No bot is here yet. Its commands appear as soon as it has signed in.");
    else if (away.length)
      this.#say(`${away.map((bot) => bot.username).join(", ")} is offline: commands and buttons will not be answered.`);
    else this.#say("");
  }

  #say(words) {
    const notice = document.getElementById("notice");
    notice.hidden = !words;
    if (notice.textContent !== words) notice.textContent = words;
  }
}

/** For whoever is here for the first time, until they hide it. */
function drawHint(page) {
  const hint = document.getElementById("hint");
  hint.hidden = localStorage.getItem(HINT_HIDDEN) !== null;
  const hide = () => {
    localStorage.setItem(HINT_HIDDEN, "yes");
    hint.hidden = true;
    page.composer.focus();
  };
  hint.replaceChildren(
    h("img", { src: "/page/static/dormouse.svg", alt: "" }),
    h(
      "p",
      {},
      "New here? Type ",
      h(
        "button",
        { type: "button", class: "mention", onclick: () => page.openCommand("server create") },
        "/server create",
      ),
      " below and press Enter: Dormouse starts a game server that you can play in a browser tab.",
    ),
    h("button", { type: "button", class: "hint-close", "aria-label": "Hide hint", onclick: hide }, icon("close")),
  );
}

const page = new Page();
document.getElementById("veil").onclick = closeDrawers;
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeDrawers();
  const typing = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (typing && !document.querySelector("dialog, .menu") && !event.target.closest("input, textarea, button, a, select"))
    page.composer.focus();
});
page.start();
