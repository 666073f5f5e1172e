// Selects, in messages and in modals: string, user, role, mentionable, channel.

import { h } from "./dom.js";
import { avatar, icon } from "./icons.js";
import { openMenu } from "./menu.js";

const STRING = 3;
const USER = 5;
const ROLE = 6;
const MENTIONABLE = 7;
const CHANNEL = 8;

/** What a select offers: `{value, label, description?, picture?}`. */
export function selectItems(component, store) {
  switch (component.type) {
    case STRING:
      return (component.options ?? []).map((option) => ({
        value: option.value,
        label: option.label,
        description: option.description,
        picture: option.emoji ? () => emoji(option.emoji) : undefined,
      }));
    case USER:
      return users(store);
    case ROLE:
      return roles(store);
    case MENTIONABLE:
      return [...users(store), ...roles(store)];
    case CHANNEL:
      return channels(store, component.channel_types);
    default:
      return [];
  }
}

export function users(store) {
  return [...store.members.values()].map(({ user }) => ({
    value: user.id,
    label: store.name(user),
    description: user.username,
    picture: () => avatar({ ...user, bot: store.isBot(user) }, store.name(user)),
  }));
}

/** `everyone`: with the role that all have, which options of commands offer and selects do not. */
export function roles(store, { everyone = false } = {}) {
  const list = [...store.roles.values()].filter((role) => everyone || role.id !== store.guild.id);
  return list
    .sort((a, b) => b.position - a.position)
    .map((role) => ({ value: role.id, label: role.name.replace(/^@/, ""), picture: () => icon("role") }));
}

export function channels(store, types = null) {
  const wanted = types?.length ? types : [0, 2, 4, 5, 11, 13, 15];
  return [...store.channels.values()]
    .filter((channel) => wanted.includes(channel.type))
    .map((channel) => ({
      value: channel.id,
      label: channel.name,
      description: store.channels.get(channel.parent_id)?.name,
      picture: () => icon(channel.type === 2 ? "voice" : "hash"),
    }));
}

export function defaultValues(component) {
  if (component.type === STRING) {
    return (component.options ?? []).filter((option) => option.default).map((option) => option.value);
  }
  return (component.default_values ?? []).map((value) => String(value.id));
}

/** The closed select. `choose(values)` is called with a choice that satisfies `min_values` and `max_values`. */
export function selectControl(component, { store, chosen, busy = false, id = null, required = true, choose }) {
  const items = selectItems(component, store);
  const placeholder = component.placeholder || "Make a selection";
  const picked = items.filter((item) => chosen.includes(item.value));
  const several = (component.max_values ?? 1) > 1;
  const words = picked.length
    ? picked.map((item) =>
        h("span", { class: several ? "chip" : "select-value" }, item.picture?.() ?? null, h("span", {}, item.label)),
      )
    : h("span", { class: "select-placeholder" }, placeholder);
  return h(
    "button",
    {
      type: "button",
      class: "select",
      id,
      role: "combobox",
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      "aria-label": id ? null : placeholder,
      "aria-busy": busy ? "true" : null,
      "data-custom-id": component.custom_id,
      disabled: component.disabled,
      onclick: (event) => {
        if (busy) return;
        openMenu(event.currentTarget, {
          items,
          chosen,
          min: required ? (component.min_values ?? 1) : 0,
          max: component.max_values ?? 1,
          name: placeholder,
          search: component.type !== STRING || items.length > 8,
          done: choose,
        });
      },
      onkeydown: (event) => {
        if (event.key === "ArrowDown") {
          event.preventDefault();
          event.currentTarget.click();
        }
      },
    },
    h("span", { class: "select-words" }, words),
    busy ? h("span", { class: "spinner" }) : icon("chevron"),
  );
}

export function emoji(value) {
  return h("span", { class: "emoji", "aria-hidden": "true" }, value.id ? `:${value.name}:` : value.name);
}
