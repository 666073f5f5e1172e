// What people make of the guild itself: threads and posts, channels, planned events, roles. One small form for each.

import { h } from "./dom.js";
import { icon } from "./icons.js";

const MANAGE_CHANNELS = 1n << 4n;
const MANAGE_ROLES = 1n << 28n;
const MANAGE_EVENTS = 1n << 33n;
const MANAGE_THREADS = 1n << 34n;
const [TEXT, THREAD, FORUM] = [0, 11, 15];
const [BEGUN, OVER, CANCELLED] = [2, 3, 4];

/** What can be done with the channel that is open. */
export function openChannelActions(page) {
  const { api, store } = page;
  const channel = store.channel;
  const state = channel.thread_metadata;
  const manages = store.permits(channel.type === THREAD ? MANAGE_THREADS : MANAGE_CHANNELS);
  const change = (changes) => () => api.editThread(channel.id, changes);
  const actions = [
    channel.type === TEXT && ["New thread", () => askThread(page, channel, "New thread")],
    channel.type === FORUM && ["New post", () => askThread(page, channel, "New post")],
    state && (state.archived ? ["Open", change({ archived: false })] : ["Archive", change({ archived: true })]),
    state && manages && (state.locked ? ["Unlock", change({ locked: false })] : ["Lock", change({ locked: true })]),
    manages && ["Delete", () => api.deleteChannel(channel.id)],
  ];
  choose(store.channelName(channel), actions);
}

/** What can be done with the guild. */
export function openGuildActions(page) {
  const { api, store } = page;
  const manages = store.permits(MANAGE_CHANNELS);
  const name = [{ name: "name", label: "Name" }];
  const create = (type) => async (given) => open(page, await api.createChannel(given.name, type));
  const make = (title, type) => () => ask(title, name, create(type));
  choose(store.guild.name, [
    ["Plan an event", () => askPlan(page)],
    manages && ["New channel", make("New channel", TEXT)],
    manages && ["New forum", make("New forum", FORUM)],
    store.permits(MANAGE_ROLES) && ["Roles", () => openRoles(page)],
  ]);
}

/** What can be done with something that is planned. */
export function openPlan(page, plan) {
  const { api, store } = page;
  const mine = plan.creator_id === store.me.id || store.permits(MANAGE_EVENTS);
  const become = (status) => () => api.editPlan(plan.id, { status });
  choose(`${plan.name}, at ${plan.entity_metadata.location}`, [
    mine && plan.status !== BEGUN && ["Begin", become(BEGUN)],
    mine && plan.status === BEGUN && ["End", become(OVER)],
    mine && ["Change", () => askPlan(page, plan)],
    mine && plan.status !== BEGUN && ["Cancel event", become(CANCELLED)],
    mine && ["Delete", () => api.deletePlan(plan.id)],
  ]);
}

function askThread(page, channel, title) {
  const first = channel.type === FORUM ? [{ name: "content", label: "Message" }] : [];
  ask(title, [{ name: "name", label: "Title" }, ...first], async ({ name, content }) =>
    open(page, await page.api.createThread(channel.id, name, content)),
  );
}

/** Open what was just made, once the page has heard of it. */
async function open(page, channel) {
  for (let tries = 0; tries < 40 && !page.store.channels.has(channel.id); tries++)
    await new Promise((again) => setTimeout(again, 50));
  page.openChannel(channel.id);
}

function askPlan(page, plan = null) {
  const time = (known, minutes) => local(known ? new Date(known) : new Date(Date.now() + minutes * 60_000));
  const [starts, ends] = [time(plan?.scheduled_start_time, 15), time(plan?.scheduled_end_time, 75)];
  const fields = [
    { name: "name", label: "Name", value: plan?.name },
    { name: "location", label: "Place", value: plan?.entity_metadata.location },
    { name: "starts", label: "Starts", type: "datetime-local", value: starts },
    { name: "ends", label: "Ends", type: "datetime-local", value: ends },
  ];
  ask(plan ? "Change event" : "Plan an event", fields, (given) => {
    const sent = { ...given, starts: utc(given.starts), ends: utc(given.ends) };
    return plan ? page.api.editPlan(plan.id, sent) : page.api.plan(sent);
  });
}

function openRoles(page) {
  const { api, store } = page;
  const roles = [...store.roles.values()].filter((role) => role.id !== store.guild.id && !isOfBot(store, role));
  const rows = roles.map((role) => {
    const people = store.people.map((person) => {
      const has = Boolean(store.members.get(person.id)?.roles.includes(role.id));
      const look = has ? "btn btn-3" : "btn btn-2";
      const words = h("span", { class: "btn-words" }, store.name(person));
      const change = async (event) => {
        const button = event.currentTarget;
        const taken = button.getAttribute("aria-pressed") === "true";
        await api.giveRole(person.id, role.id, taken);
        button.setAttribute("aria-pressed", String(!taken));
        button.className = taken ? "btn btn-2" : "btn btn-3";
      };
      return h("button", { type: "button", class: look, "aria-pressed": String(has), onclick: change }, words);
    });
    const drop = async (event) => {
      const row = event.currentTarget.closest(".role-row");
      await api.deleteRole(role.id);
      row.remove();
    };
    const away = { type: "button", class: "modal-close", "aria-label": `Delete ${role.name}`, onclick: drop };
    const gone = h("button", away, icon("trash"));
    const choice = h("div", { class: "role-people" }, people);
    return h("div", { class: "role-row" }, h("strong", {}, role.name), choice, gone);
  });
  ask("Roles", [{ name: "name", label: "A new role" }], ({ name }) => api.createRole(name), rows);
}

function isOfBot(store, role) {
  return [...store.bots.keys()].some((id) => store.members.get(id)?.roles.includes(role.id));
}

/** A dialog of buttons; the first that is pressed closes it. */
function choose(title, actions) {
  const { dialog, body, failure } = frame(title);
  const press = (act) => async () => {
    try {
      await act();
      dialog.close();
    } catch (problem) {
      failure.textContent = problem.message;
    }
  };
  const button = ([words, act]) =>
    h("button", { type: "button", class: "btn btn-2", onclick: press(act) }, h("span", { class: "btn-words" }, words));
  const buttons = actions.filter(Boolean).map(button);
  body.prepend(...(buttons.length ? buttons : [h("p", {}, "There is nothing here that you may do.")]));
}

/** A dialog with a form: `send` gets what was typed, and its refusal is shown. */
function ask(title, fields, send, above = []) {
  const { dialog, body, failure, form } = frame(title);
  const inputs = fields.map(({ name, label, type = "text", value = "" }) => {
    const input = h("input", { name, type, required: true, class: "guild-input", autocomplete: "off" });
    input.value = value;
    return h("label", { class: "guild-field" }, h("span", {}, label), input);
  });
  body.prepend(...above, ...inputs);
  const words = h("span", { class: "btn-words" }, "Submit");
  form.append(h("footer", { class: "modal-foot" }, h("button", { type: "submit", class: "btn btn-1" }, words)));
  form.onsubmit = async (event) => {
    event.preventDefault();
    try {
      await send(Object.fromEntries(new FormData(form)));
      dialog.close();
    } catch (problem) {
      failure.textContent = problem.message;
    }
  };
  inputs[0].querySelector("input").focus();
}

function frame(title) {
  const failure = h("div", { class: "modal-failure", role: "alert" });
  const body = h("div", { class: "modal-body" }, failure);
  const dialog = h("dialog", { class: "modal", "aria-label": title });
  const close = h("button", { type: "button", class: "modal-close", "aria-label": "Close" }, icon("close"));
  close.onclick = () => dialog.close();
  const head = h("header", { class: "modal-head" }, h("h2", {}, title), close);
  const form = h("form", { class: "modal-form" }, head, body);
  dialog.append(form);
  dialog.onclose = () => dialog.remove();
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, body, failure, form };
}

function local(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function utc(typed) {
  return new Date(typed).toISOString();
}
