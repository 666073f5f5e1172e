// What surrounds the messages: who one is, the channels, the header, the members; drawers on a phone.

import { colour, h, morph } from "./dom.js";
import { openChannelActions, openGuildActions, openPlan } from "./guild.js";
import { avatar, icon } from "./icons.js";

const DRAWERS = ["channels", "members"];

/** The one control of the demo itself: which person this tab is. */
export function drawPeople(page) {
  const { store } = page;
  const buttons = store.people.map((person) => {
    const name = person.global_name || person.username;
    return h(
      "button",
      {
        type: "button",
        class: "person",
        "data-person": name,
        "aria-label": name,
        "aria-pressed": String(person.id === store.me?.id),
        title: `${name}: ${person.note}`,
        onclick: () => page.become(person.id),
      },
      avatar(person, name),
      h("span", { class: "person-name" }, name),
    );
  });
  const note = store.people.find((person) => person.id === store.me?.id)?.note;
  const other = store.people.find((person) => person.id !== store.me?.id);
  const second = other
    ? h(
        "a",
        {
          class: "second",
          href: `?as=${other.id}`,
          target: "_blank",
          rel: "noopener",
          title: "Two tabs can be two people",
        },
        "Open a second tab",
        icon("external"),
      )
    : null;
  const words = h(
    "span",
    { class: "people-words" },
    h("img", { src: "/page/static/dormouse.svg", alt: "" }),
    h("span", {}, "You are"),
  );
  put(
    "people",
    h(
      "div",
      { class: "people-row" },
      words,
      h("div", { class: "people-choice" }, buttons),
      h("span", { class: "people-note" }, note ?? ""),
      second,
    ),
  );
}

export function drawChannels(page) {
  const { store } = page;
  const all = [...store.channels.values()]
    .filter((channel) => channel.type !== 1)
    .sort((a, b) => a.position - b.position);
  const inGroup = (channel, parent) => ![4, 11].includes(channel.type) && (channel.parent_id ?? null) === parent;
  const under = (parent) => all.filter((channel) => inGroup(channel, parent));
  const group = (title, channels) =>
    channels.length
      ? h(
          "section",
          { class: "group" },
          title ? h("h3", {}, title) : null,
          h(
            "ul",
            { "aria-label": title },
            channels.map((channel) => channelItem(channel, page)),
          ),
        )
      : null;
  const directs = [...store.channels.values()].filter((channel) => store.isDirect(channel));
  put(
    "channels",
    h(
      "div",
      { class: "pane" },
      h(
        "div",
        { class: "guild-name" },
        h("span", { class: "guild-sign", "aria-hidden": "true" }, [...(store.guild.name || "?")][0]),
        h("h1", {}, store.guild.name),
        more("Guild: events, channels, roles", () => openGuildActions(page)),
      ),
      h(
        "div",
        { class: "pane-scroll" },
        group(null, under(null)),
        all.filter((channel) => channel.type === 4).map((category) => group(category.name, under(category.id))),
        plans(page),
        group("Direct messages", directs),
      ),
      store.me
        ? h(
            "div",
            { class: "self" },
            avatarWithDot(store.me, store.name(store.me), true),
            h(
              "span",
              { class: "self-words" },
              h("strong", {}, store.name(store.me)),
              h("small", {}, store.me.username),
            ),
          )
        : null,
    ),
  );
}

function channelItem(channel, page) {
  const { store } = page;
  const name = store.channelName(channel);
  const unread = store.unread.get(channel.id);
  const classes = ["channel", unread ? "unread" : ""].join(" ").trim();
  const mark = { 11: "reply", 15: "file" }[channel.type] ?? "hash";
  const sign = store.isDirect(channel) ? avatar({ id: channel.id, bot: true }, name) : icon(mark);
  const threads = channel.type === 11 ? [] : store.threadsOf(channel.id);
  if (channel.type === 2) return voiceItem(channel, name, store);
  return h(
    "li",
    {},
    h(
      "a",
      {
        class: classes,
        href: `#${channel.id}`,
        "data-channel": name,
        "aria-current": channel.id === store.channel?.id ? "page" : null,
        onclick: (event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          page.openChannel(channel.id);
        },
      },
      sign,
      h("span", { class: "channel-name" }, name),
      unread?.mentions
        ? h("span", { class: "count", "aria-label": `${unread.mentions} mentions` }, String(unread.mentions))
        : null,
    ),
    threads.length
      ? h(
          "ul",
          { class: "threads", "aria-label": `Threads of ${name}` },
          threads.map((thread) => channelItem(thread, page)),
        )
      : null,
  );
}

/** What is planned, the next first. */
function plans(page) {
  const next = [...page.store.planned].sort((a, b) => a.scheduled_start_time.localeCompare(b.scheduled_start_time));
  const time = new Intl.DateTimeFormat([], { weekday: "short", hour: "2-digit", minute: "2-digit" });
  const items = next.map((plan) =>
    h(
      "li",
      {},
      h(
        "button",
        { type: "button", class: "channel plan", "data-plan": plan.name, onclick: () => openPlan(page, plan) },
        icon("check"),
        h("span", { class: "channel-name" }, `${plan.name} · ${time.format(new Date(plan.scheduled_start_time))}`),
      ),
    ),
  );
  return items.length
    ? h("section", { class: "group" }, h("h3", {}, "Events"), h("ul", { "aria-label": "Events" }, items))
    : null;
}

function more(name, onclick) {
  return h("button", { type: "button", class: "more", "aria-label": name, title: name, onclick }, icon("more"));
}

function voiceItem(channel, name, store) {
  const inside = [...store.members.values()].filter((member) => member.voice_channel_id === channel.id);
  const people = inside.map(({ user }) =>
    h("li", { class: "speaker" }, avatar(user, store.name(user)), h("span", {}, store.name(user))),
  );
  const line = h(
    "span",
    { class: "channel voice", title: "A voice channel: there is no sound here" },
    icon("voice"),
    h("span", { class: "channel-name" }, name),
  );
  return h("li", {}, line, people.length ? h("ul", {}, people) : null);
}

export function drawHeader(page) {
  const { store } = page;
  const channel = store.channel;
  const name = channel ? store.channelName(channel) : "";
  put(
    "header",
    h(
      "div",
      { class: "header-row" },
      toggle("channels", "menu", "Show channels"),
      channel ? icon(store.isDirect(channel) ? "at" : "hash") : null,
      h("h2", {}, name),
      channel?.topic
        ? h("span", { class: "topic", title: channel.topic }, channel.topic)
        : h("span", { class: "topic" }),
      channel && !store.isDirect(channel) ? more("Channel: threads and more", () => openChannelActions(page)) : null,
      toggle("members", "members", "Show members"),
    ),
  );
}

function toggle(drawer, sign, name) {
  return h(
    "button",
    {
      type: "button",
      class: `toggle toggle-${drawer}`,
      "aria-label": name,
      "aria-controls": drawer,
      "aria-expanded": String(isDrawn(drawer)),
      onclick: () => openDrawer(drawer),
    },
    icon(sign),
  );
}

export function drawMembers(page) {
  const { store } = page;
  const members = [...store.members.values()].sort((a, b) => store.name(a.user).localeCompare(store.name(b.user)));
  const online = members.filter((member) => member.online);
  const offline = members.filter((member) => !member.online);
  const group = (title, list) =>
    list.length
      ? h(
          "section",
          { class: "group" },
          h("h3", {}, `${title} — ${list.length}`),
          h(
            "ul",
            {},
            list.map((member) => memberItem(member, store)),
          ),
        )
      : null;
  put(
    "members",
    h("div", { class: "pane" }, h("div", { class: "pane-scroll" }, group("Online", online), group("Offline", offline))),
  );
}

function memberItem(member, store) {
  const name = store.name(member.user);
  const isBot = store.isBot(member.user);
  const tint = store.roleColour(member.user.id);
  const roles = store
    .rolesOf(member.user.id)
    .map((role) => h("span", { class: "role", style: role.color ? `--role:${colour(role.color)}` : null }, role.name));
  return h(
    "li",
    { class: member.online ? "member" : "member away", "data-member": name },
    avatarWithDot({ ...member.user, bot: isBot }, name, member.online),
    h(
      "div",
      { class: "member-words" },
      h(
        "div",
        { class: "member-name" },
        h("span", { style: tint ? `color:${colour(tint)}` : null }, name),
        isBot ? h("span", { class: "badge" }, "APP") : null,
        member.user.id === store.me.id ? h("span", { class: "you" }, "you") : null,
      ),
      roles.length ? h("div", { class: "roles" }, roles) : null,
    ),
  );
}

function avatarWithDot(user, name, online) {
  return h(
    "span",
    { class: "with-dot" },
    avatar(user, name),
    h("span", { class: online ? "dot on" : "dot", title: online ? "Online" : "Offline" }),
  );
}

export function openDrawer(name) {
  const opening = !isDrawn(name);
  closeDrawers();
  if (!opening) return;
  document.getElementById(name).classList.add("drawn");
  document.getElementById("veil").hidden = false;
  document.querySelector(`.toggle-${name}`)?.setAttribute("aria-expanded", "true");
  document.getElementById(name).querySelector("a, button")?.focus();
}

export function closeDrawers() {
  for (const name of DRAWERS) {
    document.getElementById(name).classList.remove("drawn");
    document.querySelector(`.toggle-${name}`)?.setAttribute("aria-expanded", "false");
  }
  document.getElementById("veil").hidden = true;
}

function isDrawn(name) {
  return document.getElementById(name).classList.contains("drawn");
}

function put(id, node) {
  const holder = document.getElementById(id);
  if (holder.firstElementChild) morph(holder.firstElementChild, node);
  else holder.replaceChildren(node);
}
