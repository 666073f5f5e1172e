// Using the bot: commands, presses and modals, and what the reader sees of them until the bot answers.

import { Refused } from "./api.js";

const COMMAND = 2;
const COMPONENT = 3;
const AUTOCOMPLETE = 4;
const MODAL_SUBMIT = 5;
const DISCORD_EPOCH = 1420070400000n;

export const FAILED = "This interaction failed";
export const NO_ANSWER = "The application did not respond";

/** What only this tab knows about a message: presses under way, the last failure, what was chosen in selects. */
class Local {
  pending = new Set();
  chosen = new Map();
  failure = null;
}

export class Interactions {
  #local = new Map();
  #lastId = 0n;

  /** `page`: store, api, `insert(message)`, `refresh(messageId)`, `discard(messageId)`, `openModal(modal, submit)`. */
  constructor(page) {
    this.page = page;
  }

  local(messageId) {
    if (!this.#local.has(messageId)) this.#local.set(messageId, new Local());
    return this.#local.get(messageId);
  }

  /** The bot changed the message: what was chosen in a select there no longer counts, as in Discord. */
  changed(messageId) {
    this.#local.get(messageId)?.chosen.clear();
  }

  forget() {
    this.#local.clear();
  }

  /** Press a button or choose in a select of a message. */
  async press(message, component, values) {
    const local = this.local(message.id);
    const key = component.custom_id;
    if (local.pending.has(key)) return;
    local.pending.add(key);
    local.failure = null;
    if (values) local.chosen.set(key, values);
    this.page.refresh(message.id);
    const data = { custom_id: key, component_type: component.type, ...(values && { values }) };
    const body = { type: COMPONENT, channel_id: message.channel_id, message_id: message.id, data };
    const answer = await this.#ask(body);
    local.pending.delete(key);
    if (answer.answer === "failed") {
      local.failure = answer.refused ? `${FAILED}: ${answer.reason}` : FAILED;
      local.chosen.delete(key);
    }
    this.page.refresh(message.id);
    this.#take(answer, message);
  }

  /** Send a slash command. `line` is what the header says: `server create`. */
  async command(command, line, data) {
    const { store } = this.page;
    const channel = store.channel;
    const draft = this.#draft(command, line, channel.id);
    const timer = setTimeout(() => this.page.insert({ ...draft, sending: true }), 250);
    const answer = await this.#ask({ type: COMMAND, channel_id: channel.id, nonce: draft.id, data });
    clearTimeout(timer);
    if (answer.answer === "failed") {
      this.page.insert({ ...draft, failure: answer.refused ? answer.reason : NO_ANSWER });
      return;
    }
    this.page.discard(draft.id, channel.id);
    this.#take(answer, null);
  }

  /** Choices for an option while it is typed; none when the bot does not answer. */
  async choices(data, signal) {
    const body = { type: AUTOCOMPLETE, channel_id: this.page.store.channel.id, data };
    const answer = await this.page.api.interact(body, signal);
    if (answer.answer !== "choices") throw new Refused("Loading options failed");
    return answer.choices ?? [];
  }

  async #ask(body) {
    try {
      return await this.page.api.interact(body);
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      return { answer: "failed", refused: true, reason: problem.message };
    }
  }

  #take(answer, origin) {
    if (answer.message) this.page.insert(answer.message, { known: true });
    if (answer.modal) this.#openModal(answer.modal, origin);
  }

  #openModal(modal, origin) {
    const channel = this.page.store.channel;
    this.page.openModal(modal, async (components) => {
      const data = { custom_id: modal.custom_id, components };
      const body = { type: MODAL_SUBMIT, channel_id: origin?.channel_id ?? channel.id, data };
      if (origin) body.message_id = origin.id;
      const answer = await this.#ask(body);
      if (answer.answer === "failed") return answer.refused ? answer.reason : "Something went wrong. Try again.";
      this.#take(answer, origin);
      return null;
    });
  }

  /** A message of this tab alone, from the bot, in the place where its answer will be. */
  #draft(command, line, channelId) {
    const { store } = this.page;
    const bot = [...store.bots.values()].find((one) => one.application_id === command.application_id);
    const { id, username } = bot ?? [...store.bots.values()][0] ?? { id: "0", username: "Application" };
    const now = (BigInt(Date.now()) - DISCORD_EPOCH) << 22n;
    this.#lastId = now > this.#lastId ? now : this.#lastId + 1n;
    return {
      id: this.#lastId.toString(),
      channel_id: channelId,
      author: { id, username, bot: true },
      content: "",
      timestamp: new Date().toISOString(),
      flags: 64,
      type: 20,
      ephemeral_for: store.me.id,
      interaction_metadata: { id: "0", type: COMMAND, user: store.me, name: line },
      draft: true,
    };
  }
}
