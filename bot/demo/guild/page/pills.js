// A chosen slash command in the composer: its options as pills, each with a field of its own.

import { Autocomplete } from "./autocomplete.js";
import { ATTACHMENT, describe, fixedItems, interactionData, missing, missingWords, readValue } from "./commands.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { channels, roles, users } from "./select.js";
import { filterItems } from "./suggestions.js";

/** Users, roles and channels as `commands.js` wants them. */
export function guildItems(store) {
  return {
    users: () => users(store),
    roles: () => roles(store, { everyone: true }),
    channels: (types) => channels(store, types),
  };
}

export class Pills {
  entry = null;
  #pills = [];
  #autocomplete;

  /**
   * `line` holds the pills, before `trail`, the composer's own input, in which optional options are added.
   * `say(words)` tells what is wrong, `leave(text)` goes back to plain text, `send(entry, data)` uses the command.
   */
  constructor(page, { line, trail, suggestions, say, leave, send }) {
    Object.assign(this, { page, line, trail, suggestions, say, leave, send });
    this.#autocomplete = new Autocomplete(page.interactions);
  }

  get active() {
    return this.entry !== null;
  }

  /** Show `entry` with what was typed so far, and go to `focus` or the first option that is needed. */
  start(entry, { texts = new Map(), picked = new Map(), focus = null, files = [] } = {}) {
    this.stop();
    this.entry = entry;
    const chip = h("span", { class: "command-chip" }, `/${entry.name}`);
    this.line.insertBefore(chip, this.trail);
    for (const option of entry.options) {
      if (option.required || texts.has(option.name) || picked.has(option.name) || option.name === focus)
        this.#add(option);
    }
    for (const pill of this.#pills) {
      const { name, type } = pill.option;
      pill.settled = picked.get(name) ?? null;
      if (type === ATTACHMENT) pill.take(files.shift());
      else this.#write(pill, pill.settled?.label ?? texts.get(name) ?? "");
      this.#settle(pill);
    }
    this.line.classList.add("with-command");
    this.trail.value = "";
    this.#label();
    const wanted =
      this.#pills.find((pill) => pill.option.name === focus) ??
      this.#pills.find((pill) => pill.option.required && !this.#read(pill));
    (wanted?.input ?? this.trail).focus();
  }

  stop() {
    this.#autocomplete.cancel();
    this.entry = null;
    this.#pills = [];
    this.line.querySelectorAll(".command-chip, .pill").forEach((node) => node.remove());
    this.line.classList.remove("with-command");
  }

  /** The trailing input changed: it names an optional option. */
  suggestOptions() {
    this.#autocomplete.cancel();
    const rest = this.entry.options.filter((option) => !this.#pill(option.name));
    const typed = this.trail.value.trimStart();
    const named = rest.find((option) => typed.toLowerCase().startsWith(`${option.name}:`));
    if (named) {
      this.trail.value = "";
      this.#open(named, typed.slice(named.name.length + 1));
      return;
    }
    const items = filterItems(
      rest.map((option) => ({ label: option.name, description: describe(option), side: "optional", option })),
      typed,
    );
    const note = rest.length ? "Enter sends it; an option can be added" : "Enter sends it";
    this.suggestions.show({
      title: `/${this.entry.name}`,
      note,
      items,
      input: this.trail,
      pick: ({ option }) => {
        this.trail.value = "";
        this.#open(option);
      },
    });
  }

  /** A key in the trailing input; true when it was used. */
  trailKey(event) {
    const empty = this.trail.value === "";
    if (event.key === "Enter" && !event.shiftKey) {
      if (this.suggestions.open && (this.suggestions.moved || !empty) && this.suggestions.pickActive()) return true;
      if (empty) this.submit();
      else this.say(`/${this.entry.name} has no option “${this.trail.value.trim()}”.`);
      return true;
    }
    if (event.key === "Tab" && !event.shiftKey && (this.suggestions.moved || !empty))
      return this.suggestions.pickActive();
    if (event.key === "Escape") {
      this.leave("");
      return true;
    }
    const atStart = this.trail.selectionStart === 0 && this.trail.selectionEnd === 0;
    if (atStart && (event.key === "ArrowLeft" || (event.key === "Backspace" && empty))) {
      const last = this.#pills.at(-1);
      if (last) last.input.focus();
      else if (event.key === "Backspace") this.leave(`/${this.entry.name}`);
      return true;
    }
    return false;
  }

  /** Check everything; then send, or say what is missing or wrong and go there. */
  async submit() {
    const values = new Map();
    const problems = [];
    for (const pill of this.#pills) {
      const read = this.#read(pill);
      pill.node.classList.toggle("wrong", Boolean(read?.problem) || (pill.option.required && !read));
      if (read?.problem) problems.push({ pill, words: read.problem });
      else if (read) values.set(pill.option.name, read.value);
    }
    const names = missing(
      this.entry,
      new Map(this.#pills.filter((pill) => this.#read(pill)).map((pill) => [pill.option.name, true])),
    );
    if (names.length || problems.length) {
      const words = [names.length ? missingWords(names) : null, ...problems.map((problem) => problem.words)];
      const target = names.length ? this.#pill(names[0]) : problems[0].pill;
      target.input.focus();
      this.say(words.filter(Boolean).join(" "));
      return;
    }
    const { entry } = this;
    try {
      for (const [name, value] of values) {
        if (value instanceof File) values.set(name, (await this.page.api.upload(value)).id);
      }
    } catch (problem) {
      this.say(problem.message);
      return;
    }
    this.send(entry, interactionData(entry, values));
  }

  #pill(name) {
    return this.#pills.find((pill) => pill.option.name === name);
  }

  #open(option, text = "") {
    const pill = this.#add(option);
    if (text) this.#write(pill, text);
    this.#label();
    pill.input.focus();
  }

  #add(option) {
    const id = `option-${option.name}`;
    const pill = { option, settled: null, file: null };
    if (option.type === ATTACHMENT) this.#makeFile(pill, id);
    else this.#makeText(pill, id);
    pill.node = h(
      "span",
      { class: "pill", "data-option": option.name },
      h("label", { for: id }, option.name),
      pill.field ?? pill.input,
    );
    this.#pills.push(pill);
    this.line.insertBefore(pill.node, this.trail);
    return pill;
  }

  #makeText(pill, id) {
    const props = {
      type: "text",
      id,
      role: "combobox",
      "aria-controls": "suggestions",
      "aria-expanded": "false",
      "aria-autocomplete": "list",
      autocomplete: "off",
      spellcheck: "false",
    };
    pill.input = h("input", {
      ...props,
      "aria-required": pill.option.required ? "true" : null,
      oninput: () => this.#typed(pill),
      onkeydown: (event) => this.#key(event, pill),
      onblur: () => this.#settle(pill),
    });
    pill.input.onfocus = () => this.#suggest(pill, false);
    this.#write(pill, "");
  }

  #makeFile(pill, id) {
    const words = h("span", { class: "pill-file" }, "choose a file");
    pill.input = h("input", {
      type: "file",
      id,
      class: "pill-file-input",
      onkeydown: (event) => this.#key(event, pill),
    });
    pill.take = (file) => {
      pill.file = file ?? pill.file;
      words.textContent = pill.file?.name ?? "choose a file";
    };
    pill.input.onchange = () => {
      pill.take(pill.input.files[0]);
      if (pill.file) this.#advance(pill);
    };
    pill.input.onfocus = () => this.#suggest(pill, false);
    pill.field = h("span", { class: "pill-field" }, icon("file"), words, pill.input);
  }

  #write(pill, text) {
    pill.input.value = text;
    pill.input.size = Math.max(pill.option.required ? 5 : 3, [...text].length + 1);
  }

  /** `{value}`, `{problem}` or null when nothing is there. */
  #read(pill) {
    if (pill.option.type === ATTACHMENT) return pill.file ? { value: pill.file } : null;
    if (pill.settled) return pill.settled;
    if (!pill.input.value.trim()) return null;
    return readValue(pill.option, pill.input.value, guildItems(this.page.store));
  }

  /** Typed text that names a choice becomes that choice. */
  #settle(pill) {
    if (pill.settled || !fixedItems(pill.option, guildItems(this.page.store))) return;
    const read = this.#read(pill);
    if (!read || read.problem) return;
    pill.settled = read;
    this.#write(pill, read.label);
  }

  #typed(pill) {
    pill.settled = null;
    pill.node.classList.remove("wrong");
    this.say("");
    const jump = /^([^]*\s)([^\s:]+):$/u.exec(pill.input.value);
    const next = jump && this.entry.options.find((option) => option.name === jump[2] && option !== pill.option);
    if (next) {
      this.#write(pill, jump[1].trim());
      this.#settle(pill);
      const known = this.#pill(next.name);
      if (known) known.input.focus();
      else this.#open(next);
      return;
    }
    this.#write(pill, pill.input.value);
    this.#suggest(pill, true);
  }

  #suggest(pill, soon) {
    const { option, input } = pill;
    const note = [describe(option), range(option)].filter(Boolean).join(" · ");
    const show = (items, extra = {}) => {
      const pick = (item) => {
        pill.settled = { value: item.value, label: item.label };
        this.#write(pill, item.label);
        this.#advance(pill);
      };
      this.suggestions.show({ title: option.name, note, items, pick, input, ...extra });
    };
    const items = fixedItems(option, guildItems(this.page.store));
    this.#autocomplete.cancel();
    if (items) show(filterItems(items, pill.settled ? "" : input.value));
    else if (option.autocomplete) {
      show(this.suggestions.open ? this.suggestions.items : [], { busy: true });
      const values = this.#partial(pill);
      this.#autocomplete.ask(
        interactionData(this.entry, values, option.name),
        (choices, problem) => {
          if (document.activeElement !== input) return;
          const none = choices.length ? note : "No options match your search.";
          show(
            choices.map(({ name, value }) => ({ label: name, value })),
            { note: problem ?? none },
          );
        },
        soon,
      );
    } else show([]);
  }

  #partial(pill) {
    const values = new Map();
    for (const one of this.#pills) {
      const read = one === pill ? { value: pill.input.value } : this.#read(one);
      if (read && !read.problem && !(read.value instanceof File)) values.set(one.option.name, read.value);
    }
    return values;
  }

  async #key(event, pill) {
    const { input } = pill;
    const atStart = input.type === "file" || (input.selectionStart === 0 && input.selectionEnd === 0);
    const atEnd = input.type === "file" || input.selectionStart === input.value.length;
    const index = this.#pills.indexOf(pill);
    const settled = pill.settled || input.type === "file";
    switch (event.key) {
      case "ArrowDown":
        if (this.suggestions.move(1)) break;
        return;
      case "ArrowUp":
        if (this.suggestions.move(-1)) break;
        return;
      case "ArrowLeft":
        if (atStart && index > 0) {
          this.#pills[index - 1].input.focus();
          break;
        }
        return;
      case "ArrowRight":
        if (atEnd) {
          (this.#pills[index + 1]?.input ?? this.trail).focus();
          break;
        }
        return;
      case "Escape":
        if (this.suggestions.open) this.suggestions.hide();
        else this.leave("");
        break;
      case "Backspace":
        if (!atStart || (input.value && input.type !== "file")) return;
        this.#back(pill, index);
        break;
      case "Tab":
        if (event.shiftKey) return;
        if (this.suggestions.open && (!settled || this.suggestions.moved) && this.suggestions.pickActive()) break;
        this.#settle(pill);
        (this.#pills[index + 1]?.input ?? this.trail).focus();
        break;
      case "Enter":
        event.preventDefault();
        if (this.#autocomplete.pending && !settled && input.value) await this.#autocomplete.pending;
        if (this.suggestions.open && (!settled || this.suggestions.moved) && this.suggestions.pickActive()) return;
        this.#settle(pill);
        this.#enter(pill);
        return;
      default:
        return;
    }
    event.preventDefault();
  }

  #enter(pill) {
    const read = this.#read(pill);
    if (read?.problem) {
      pill.node.classList.add("wrong");
      this.say(read.problem);
      return;
    }
    const empty = this.#pills.find((one) => one.option.required && !this.#read(one));
    if (empty && empty !== pill && read) empty.input.focus();
    else this.submit();
  }

  #back(pill, index) {
    if (!pill.option.required) {
      pill.node.remove();
      this.#pills.splice(index, 1);
      this.#label();
    }
    if (index > 0) this.#pills[index - 1].input.focus();
    else if (pill.option.required || !this.#pills.length) this.leave(`/${this.entry.name}`);
    else this.#pills[0].input.focus();
  }

  #advance(pill) {
    this.say("");
    pill.node.classList.remove("wrong");
    const empty = this.#pills.find((one) => one.option.required && !this.#read(one));
    (empty?.input ?? this.trail).focus();
  }

  #label() {
    const rest = this.entry.options.length - this.#pills.length;
    this.trail.placeholder = rest > 0 ? `+${rest} optional` : "";
  }
}

function range({ type, min_value: least, max_value: most }) {
  if (type !== 4 && type !== 10) return "";
  if (least !== undefined && most !== undefined) return `${least} to ${most}`;
  if (least !== undefined) return `at least ${least}`;
  return most === undefined ? "" : `at most ${most}`;
}
