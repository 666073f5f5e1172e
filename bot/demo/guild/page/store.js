// What the page knows: the guild as one person sees it, and the messages of each channel. No DOM here.

import { compareIds } from "./dom.js";

const ADMINISTRATOR = 1n << 3n;
const MANAGE_MESSAGES = 1n << 13n;

/** Messages of one channel, in order, with what was deleted (a late answer must not bring it back). */
export class History {
  messages = [];
  loaded = false;
  complete = false;
  #deleted = new Set();
  #touched = null;

  /** Insert or replace; `"new"`, `"changed"` or `null` when it was deleted before. */
  upsert(message) {
    if (this.#deleted.has(message.id)) return null;
    this.#touched?.add(message.id);
    const index = this.messages.findLastIndex((other) => compareIds(other.id, message.id) <= 0);
    if (index >= 0 && this.messages[index].id === message.id) {
      this.messages[index] = message;
      return "changed";
    }
    this.messages.splice(index + 1, 0, message);
    return "new";
  }

  /** Insert what is not known yet: for answers to requests, which may be older than what the socket has told. */
  add(message) {
    return this.get(message.id) ? null : this.upsert(message);
  }

  remove(id) {
    this.#deleted.add(id);
    const index = this.messages.findIndex((message) => message.id === id);
    if (index >= 0) this.messages.splice(index, 1);
    return index >= 0;
  }

  get(id) {
    return this.messages.find((message) => message.id === id);
  }

  /** Before fetching: what changes from now on is newer than the answer will be. */
  expect() {
    this.#touched = new Set();
  }

  /** After a gap: the newest page as the server has it now; older ones are fetched again when wanted. */
  replace(messages, complete) {
    const newer = this.messages.filter((message) => message.draft || this.#touched?.has(message.id));
    this.#touched = null;
    this.messages = messages.filter((message) => !this.#deleted.has(message.id));
    newer.forEach((message) => this.upsert(message));
    this.loaded = true;
    this.complete = complete;
  }
}

export class Store {
  me = null;
  guild = { id: "0", name: "" };
  roles = new Map();
  channels = new Map();
  members = new Map();
  bots = new Map();
  commands = [];
  people = [];
  planned = [];
  channel = null;
  unread = new Map();
  typing = new Map();
  connected = false;
  #histories = new Map();

  load(state) {
    this.me = state.me;
    this.guild = state.guild;
    this.roles = byId(state.roles);
    this.commands = state.commands;
    this.planned = state.planned;
    this.bots = byId(state.bots);
    this.setChannels(state.channels);
    this.setMembers(state.members);
  }

  setChannels(channels) {
    this.channels = byId(channels);
  }

  setRoles(roles) {
    this.roles = byId(roles);
  }

  /** The threads of a channel, newest first; of archived ones only the one that is open here. */
  threadsOf(id) {
    const shown = (thread) => !thread.thread_metadata.archived || thread.id === this.channel?.id;
    const threads = [...this.channels.values()].filter((each) => each.type === 11 && each.parent_id === id);
    return threads.filter(shown).sort((a, b) => compareIds(b.id, a.id));
  }

  setMembers(members) {
    this.members = new Map(members.map((member) => [member.user.id, member]));
  }

  setPresence(id, online) {
    const member = this.members.get(id);
    if (member) member.online = online;
    const bot = this.bots.get(id);
    if (bot) bot.online = online;
  }

  history(channel) {
    if (!this.#histories.has(channel)) this.#histories.set(channel, new History());
    return this.#histories.get(channel);
  }

  /** Another person sees other messages: forget everything but who one can be. */
  forget() {
    this.#histories.clear();
    this.unread.clear();
    this.typing.clear();
    this.me = null;
  }

  /** After a gap nothing remembered can be trusted. */
  distrust() {
    for (const history of this.#histories.values()) history.loaded = false;
  }

  name(user) {
    const member = this.members.get(user?.id);
    const known = member?.user ?? user;
    return member?.nick || known?.global_name || known?.username || "Unknown user";
  }

  /** The colour of the highest coloured role, or 0. */
  roleColour(id) {
    return this.rolesOf(id).find((role) => role.color)?.color ?? 0;
  }

  /** A member's roles, highest first, without @everyone. */
  rolesOf(id) {
    const roles = (this.members.get(id)?.roles ?? []).map((role) => this.roles.get(role)).filter(Boolean);
    return roles.filter((role) => role.id !== this.guild.id).sort((a, b) => b.position - a.position);
  }

  isBot(user) {
    return Boolean(user?.bot || this.members.get(user?.id)?.bot || this.bots.has(user?.id));
  }

  isDirect(channel) {
    return channel?.type === 1;
  }

  channelName(channel) {
    return channel.name || this.name(channel.recipients?.[0] ?? { username: "Dormouse" });
  }

  textChannels() {
    return [...this.channels.values()].filter((channel) => channel.type === 0 || channel.type === 5);
  }

  permits(bits) {
    const everyone = this.roles.get(this.guild.id);
    const roles = [everyone, ...this.rolesOf(this.me.id)].filter(Boolean);
    const mine = roles.reduce((sum, role) => sum | BigInt(role.permissions ?? 0), 0n);
    return (mine & ADMINISTRATOR) !== 0n || (mine & bits) === bits;
  }

  mayDelete(message) {
    return message.author.id === this.me.id || (!this.isDirect(this.channel) && this.permits(MANAGE_MESSAGES));
  }

  /** The commands that Discord would offer this person in this channel. */
  offered() {
    const direct = this.isDirect(this.channel);
    return this.commands.filter((command) => {
      if ((command.type ?? 1) !== 1) return false;
      if (direct && (command.guild_id || command.dm_permission === false)) return false;
      if (direct && command.contexts && !command.contexts.includes(1)) return false;
      if (!direct && command.contexts && !command.contexts.includes(0)) return false;
      const needed = command.default_member_permissions;
      return direct || needed === null || needed === undefined || this.permits(BigInt(needed) || ADMINISTRATOR);
    });
  }

  mentions(message) {
    if (message.author.id === this.me.id) return false;
    return (message.mentions ?? []).some((user) => user.id === this.me.id) || message.mention_everyone === true;
  }
}

function byId(items) {
  return new Map(items.map((item) => [item.id, item]));
}
