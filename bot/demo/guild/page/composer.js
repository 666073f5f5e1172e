// Where one types: plain messages with files, slash commands by hand, and the way into option pills.

import { Autocomplete } from "./autocomplete.js";
import {
  describe,
  flatten,
  fixedItems,
  interactionData,
  missing,
  missingWords,
  readLine,
  readValue,
  search,
} from "./commands.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { Pills, guildItems } from "./pills.js";
import { channels, users } from "./select.js";
import { Suggestions, filterItems } from "./suggestions.js";

export class Composer {
  #autocomplete;
  #files = [];
  #drafts = new Map();
  #channel = null;

  constructor(page) {
    this.page = page;
    const holder = h("div", { class: "suggestions" });
    holder.onmousedown = (event) => event.preventDefault();
    this.problem = h("div", { class: "problem", role: "alert" });
    this.strip = h("div", { class: "files", hidden: true });
    this.input = h("textarea", {
      id: "composer",
      rows: 1,
      role: "combobox",
      "aria-controls": "suggestions",
      "aria-expanded": "false",
      "aria-autocomplete": "list",
      autocomplete: "off",
      spellcheck: "false",
      oninput: () => this.#typed(),
      onkeydown: (event) => this.#key(event),
    });
    this.input.onpaste = (event) => this.#stage(event.clipboardData.files, event);
    this.input.onfocus = () => this.pills.active && this.pills.suggestOptions();
    this.input.onblur = () => !this.pills.active && this.suggestions.hide();
    const chooser = h("input", { type: "file", multiple: true, class: "composer-file", "aria-label": "Attach files" });
    chooser.onchange = () => {
      this.#stage(chooser.files);
      chooser.value = "";
    };
    this.line = h("div", { class: "composer-line" }, this.input);
    const attach = h("span", { class: "attach", title: "Attach files" }, icon("plus"), chooser);
    this.sender = h(
      "button",
      { type: "button", class: "send", "aria-label": "Send", onclick: () => this.#submit() },
      icon("send"),
    );
    const composer = h("div", { class: "composer" }, attach, this.line, this.sender);
    this.suggestions = new Suggestions(holder);
    this.#autocomplete = new Autocomplete(page.interactions);
    document.getElementById("composer-area").replaceChildren(holder, this.problem, this.strip, composer);
    this.pills = new Pills(page, {
      line: this.line,
      trail: this.input,
      suggestions: this.suggestions,
      say: (words) => this.#say(words),
      leave: (text) => this.#leave(text),
      send: (entry, data) => this.#use(entry, data),
    });
    const main = document.querySelector("main");
    main.ondragover = (event) => event.preventDefault();
    main.ondrop = (event) => this.#stage(event.dataTransfer.files, event);
  }

  /** Another channel or person: keep what was typed for when one comes back. */
  show(channel) {
    if (channel?.id === this.#channel) return;
    if (this.#channel) this.#drafts.set(this.#channel, this.pills.active ? "" : this.input.value);
    this.#channel = channel?.id;
    this.pills.stop();
    this.#say("");
    this.#write(this.#drafts.get(channel?.id) ?? "");
  }

  forget() {
    this.#drafts.clear();
    this.#channel = null;
    this.#files = [];
    this.#drawFiles();
    this.pills.stop();
    this.#write("");
  }

  focus() {
    this.input.focus();
  }

  /** Put a command into the composer, as if it had been chosen: `openCommand("server create")`. */
  openCommand(name) {
    const entry = this.#entries().find((one) => one.name === name);
    if (entry) this.#choose(entry);
    else this.#say(`/${name} is not offered here.`);
  }

  #entries() {
    return flatten(this.page.store.offered());
  }

  #placeholder() {
    const { channel } = this.page.store;
    if (!channel) return "";
    return `Message ${this.page.store.isDirect(channel) ? "@" : "#"}${this.page.store.channelName(channel)}`;
  }

  #write(text) {
    this.input.value = text;
    if (!this.pills.active) {
      this.input.placeholder = this.#placeholder();
      this.input.setAttribute("aria-label", this.#placeholder() || "Message");
    }
    this.#grow();
    if (!text) this.suggestions.hide();
  }

  #grow() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight}px`;
  }

  #say(words, { gently = false } = {}) {
    this.problem.textContent = words;
    this.problem.classList.toggle("gentle", gently);
  }

  #typed() {
    this.#say("");
    if (this.pills.active) {
      if (this.input.value.startsWith("/")) this.#leave(this.input.value);
      else this.pills.suggestOptions();
      return;
    }
    this.#grow();
    this.#suggest();
  }

  /** What can be typed has changed: a list that is open shows it. */
  refresh() {
    if (!this.pills.active && this.input.value.startsWith("/")) this.#suggest();
  }

  #suggest() {
    const text = this.input.value;
    this.#autocomplete.cancel();
    if (text.startsWith("/")) {
      const line = readLine(text, this.#entries());
      if (line && /\s/.test(text.slice(line.entry.name.length + 1))) this.#suggestOption(line);
      else this.#suggestCommands(text.slice(1));
      return;
    }
    const before = text.slice(0, this.input.selectionStart);
    const [, sign, typed] = /(?:^|\s)([@#])([^\s@#]*)$/.exec(before) ?? [];
    if (sign) this.#suggestMention(sign, typed, before);
    else this.suggestions.hide();
  }

  #suggestCommands(typed) {
    const { store } = this.page;
    const items = search(this.#entries(), typed).map((entry) => ({
      label: `/${entry.name}`,
      description: entry.description,
      side: this.#botName(entry.command),
      picture: () => h("img", { class: "avatar", src: "/page/static/dormouse.svg", alt: "" }),
      entry,
    }));
    if (!items.length && !store.offered().length) {
      this.suggestions.show({
        title: "Commands",
        note: store.isDirect(store.channel)
          ? "There are none here: they work in the guild's channels."
          : "Not there yet: the bot is starting.",
        items,
        input: this.input,
      });
    } else if (!items.length)
      this.suggestions.show({
        title: "Commands",
        note: `Nothing begins with /${typed.trim()}`,
        items,
        input: this.input,
      });
    else
      this.suggestions.show({ title: "Commands", items, input: this.input, pick: ({ entry }) => this.#choose(entry) });
  }

  #suggestOption({ entry, texts, last }) {
    const option = entry.options.find((one) => one.name === last);
    const typed = option ? texts.get(last) : "";
    const guild = guildItems(this.page.store);
    const title = option ? option.name : `/${entry.name}`;
    const show = (items, note = option && describe(option)) => {
      const pick = (item) => {
        const picked = new Map([[last, { value: item.value, label: item.label }]]);
        this.#choose(entry, { texts, picked });
      };
      this.suggestions.show({ title, note, items, pick, input: this.input });
    };
    const items = option ? fixedItems(option, guild) : null;
    if (items) show(filterItems(items, typed));
    else if (option?.autocomplete) {
      show([]);
      const values = new Map([...this.#values({ entry, texts }).values, [last, typed]]);
      this.#autocomplete.ask(interactionData(entry, values, last), (choices) =>
        show(choices.map(({ name, value }) => ({ label: name, value }))),
      );
    } else if (option) show([]);
    else {
      const rest = entry.options.filter((one) => !texts.has(one.name) || texts.get(one.name));
      const list = rest.map((one) => ({
        label: one.name,
        description: describe(one),
        side: one.required ? "needed" : "optional",
        option: one,
      }));
      const pick = ({ option: one }) => this.#choose(entry, { texts, focus: one.name });
      this.suggestions.show({ title, note: entry.description, items: list, pick, input: this.input });
    }
  }

  #suggestMention(sign, typed, before) {
    const { store } = this.page;
    const all = sign === "@" ? users(store) : channels(store, [0, 5]);
    const items = filterItems(all, typed).slice(0, 8);
    // A whole name needs no choosing: Enter sends then.
    if (!items.length || items[0].label.toLowerCase() === typed.toLowerCase()) {
      this.suggestions.hide();
      return;
    }
    const pick = (item) => {
      const start = before.slice(0, before.length - typed.length) + item.label;
      this.#write(`${start} ${this.input.value.slice(before.length)}`);
      this.input.setSelectionRange(start.length + 1, start.length + 1);
      this.suggestions.hide();
    };
    this.suggestions.show({ title: sign === "@" ? "Members" : "Channels", items, pick, input: this.input });
  }

  #botName(command) {
    const bots = [...this.page.store.bots.values()];
    return (bots.find((bot) => bot.application_id === command.application_id) ?? bots[0])?.username;
  }

  #choose(entry, given = {}) {
    this.suggestions.hide();
    this.#say("");
    this.input.value = "";
    this.#grow();
    this.pills.start(entry, { files: this.#files.splice(0), ...given });
    this.#drawFiles();
  }

  #leave(text) {
    this.pills.stop();
    this.suggestions.hide();
    this.#say("");
    this.#write(text);
    this.input.focus();
    if (text) this.#suggest();
  }

  #key(event) {
    if (event.isComposing) return;
    const { suggestions } = this;
    if (suggestions.open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      if (suggestions.move(event.key === "ArrowDown" ? 1 : -1)) event.preventDefault();
      return;
    }
    if (this.pills.active) {
      if (this.pills.trailKey(event)) event.preventDefault();
      return;
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "Tab" && !event.shiftKey) {
      if (suggestions.pickActive()) event.preventDefault();
    } else if (event.key === "Escape") {
      event.preventDefault();
      suggestions.hide();
    }
  }

  #submit() {
    if (this.pills.active) {
      this.pills.submit();
      return;
    }
    const text = this.input.value;
    if (text.startsWith("/")) this.#submitLine(text);
    else if (!this.suggestions.pickActive()) this.#post(text);
  }

  /** A command typed by hand. What was marked in the list counts only when the reader moved there. */
  #submitLine(text) {
    const line = readLine(text, this.#entries());
    if (this.suggestions.moved && this.suggestions.pickActive()) return;
    if (!line) {
      if (!this.suggestions.pickActive()) this.#say(`There is no command ${text.trim().split(" ")[0]}.`);
      return;
    }
    const { entry, texts, loose } = line;
    const { values, problems } = this.#values(line);
    if (loose && !entry.options.length) problems.push(`/${entry.name} takes no options.`);
    const names = missing(entry, values).filter((name) => !texts.get(name));
    const needsFile = entry.options.some((option) => option.type === 11 && option.required) || this.#files.length;
    if (names.length || needsFile) {
      this.#choose(entry, { texts });
      if (texts.size && !needsFile) this.pills.submit();
      else if (names.length) this.#say(missingWords(names), { gently: true });
    } else if (problems.length) this.#say(problems.join(" "));
    else this.#use(entry, interactionData(entry, values));
  }

  #values({ entry, texts }) {
    const values = new Map();
    const problems = [];
    for (const option of entry.options) {
      const text = texts.get(option.name);
      if (!text) continue;
      const read = readValue(option, text, guildItems(this.page.store));
      if (read.problem) problems.push(read.problem);
      else values.set(option.name, read.value);
    }
    return { values, problems };
  }

  #use(entry, data) {
    this.#autocomplete.cancel();
    this.pills.stop();
    this.suggestions.hide();
    this.#say("");
    this.#write("");
    this.input.focus();
    this.page.used(entry.name);
    this.page.interactions.command(entry.command, entry.name, data);
  }

  async #post(text) {
    const content = this.#withMentions(text.trim());
    const files = this.#files;
    if (!content && !files.length) return;
    if ([...content].length > 2000) {
      this.#say(`A message has at most 2000 characters; this one has ${[...content].length}.`);
      return;
    }
    this.#files = [];
    this.#drawFiles();
    this.#write("");
    try {
      this.page.insert(await this.page.api.post(this.page.store.channel.id, content, files), { known: true });
    } catch (problem) {
      this.#files = files;
      this.#drawFiles();
      this.#write(this.input.value || text);
      this.#say(problem.message);
    }
  }

  /** `@Bo` and `#servers` as Discord writes them. */
  #withMentions(text) {
    const { store } = this.page;
    const names = [
      ...users(store).flatMap(({ value, label, description }) => [
        [`@${label}`, `<@${value}>`],
        [`@${description}`, `<@${value}>`],
      ]),
      ...channels(store, [0, 5]).map(({ value, label }) => [`#${label}`, `<#${value}>`]),
    ].sort((a, b) => b[0].length - a[0].length);
    return text.replace(/(?<![\w<`])[@#][^\s@#`]+(?: [^\s@#`]+)?/gu, (typed) => {
      const found = names.find(
        ([name]) =>
          typed.toLowerCase().startsWith(name.toLowerCase()) && !/^[\p{L}\p{N}_-]/u.test(typed.slice(name.length)),
      );
      return found ? found[1] + typed.slice(found[0].length) : typed;
    });
  }

  #stage(files, event = null) {
    if (!files?.length) return;
    event?.preventDefault();
    this.#files.push(...files);
    this.#drawFiles();
    this.focus();
  }

  #drawFiles() {
    this.strip.hidden = !this.#files.length;
    this.strip.replaceChildren(
      ...this.#files.map((file) => {
        const drop = () => {
          this.#files = this.#files.filter((one) => one !== file);
          this.#drawFiles();
        };
        return h(
          "div",
          { class: "staged" },
          icon("file"),
          h("span", {}, file.name),
          h("button", { type: "button", "aria-label": `Take out ${file.name}`, onclick: drop }, icon("close")),
        );
      }),
    );
  }
}
