// One message as a list item: a pure function of the message, what came before it, and this tab's own state.

import { written } from "./clock.js";
import { colour, h } from "./dom.js";
import { avatar, icon } from "./icons.js";
import { componentNodes, firstText } from "./components.js";
import { markdown, plainText } from "./markdown.js";
import { attachmentNode, embedNode } from "./media.js";

const GROUP_WITHIN_MS = 7 * 60_000;
const SUPPRESS_EMBEDS = 1 << 2;
const EPHEMERAL = 1 << 6;
const LOADING = 1 << 7;
const COMPONENTS_V2 = 1 << 15;
const REPLY = 19;

/** `previous` is the message above, if any; `page`: store, interactions, and what can be done (see `app.js`). */
export function messageNode(message, previous, page) {
  const { store } = page;
  const local = page.interactions.local(message.id);
  const grouped = isGrouped(message, previous);
  const ephemeral = isEphemeral(message);
  const name = store.name(message.author);
  const author = { ...message.author, bot: store.isBot(message.author) };
  const failure = message.failure ?? local.failure;
  const classes = ["message"];
  if (grouped) classes.push("grouped");
  if (ephemeral) classes.push("ephemeral");
  if (store.mentions(message)) classes.push("mentioned");
  const role = store.roleColour(author.id);
  return h(
    "li",
    {
      class: classes.join(" "),
      "data-message-id": message.id,
      "data-author": name,
      "data-author-id": author.id,
      "data-ephemeral": ephemeral,
      tabindex: -1,
    },
    newDay(message, previous) ? h("div", { class: "day", role: "separator" }, h("span", {}, day(message))) : null,
    h(
      "div",
      { class: "message-frame" },
      above(message, page),
      h(
        "div",
        { class: "message-body" },
        grouped
          ? h("div", { class: "gutter" }, written(message.timestamp))
          : h("div", { class: "gutter" }, avatar(author, name)),
        h(
          "div",
          { class: "message-main" },
          grouped
            ? null
            : h(
                "div",
                { class: "message-head" },
                h("span", { class: "author", style: role ? `color:${colour(role)}` : null }, name),
                author.bot ? h("span", { class: "badge" }, "APP") : null,
                written(message.timestamp),
              ),
          body(message, page),
          failure ? h("div", { class: "failure", role: "alert" }, icon("alert"), h("span", {}, failure)) : null,
          ephemeral ? dismissal(message, page) : null,
        ),
      ),
      message.draft || ephemeral || !store.mayDelete(message) ? null : actions(message, page),
    ),
  );
}

export function isEphemeral(message) {
  return Boolean(message.ephemeral_for || message.flags & EPHEMERAL);
}

function isGrouped(message, previous) {
  if (!previous || newDay(message, previous) || hasAbove(message)) return false;
  if (previous.author.id !== message.author.id || isEphemeral(previous) !== isEphemeral(message)) return false;
  return Date.parse(message.timestamp) - Date.parse(previous.timestamp) < GROUP_WITHIN_MS;
}

function hasAbove(message) {
  return message.type === REPLY || Boolean(message.referenced_message) || Boolean(message.interaction_metadata?.name);
}

function newDay(message, previous) {
  return !previous || new Date(previous.timestamp).toDateString() !== new Date(message.timestamp).toDateString();
}

function day(message) {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "long" }).format(new Date(message.timestamp));
}

function above(message, page) {
  const used = message.interaction_metadata;
  if (used?.name) {
    const name = page.store.name(used.user);
    return h(
      "div",
      { class: "above" },
      h("span", { class: "spine" }),
      avatar(used.user, name),
      h("strong", {}, name),
      " used ",
      h("span", { class: "used" }, `/${used.name}`),
    );
  }
  if (!hasAbove(message)) return null;
  const known = page.store.history(message.channel_id).get(message.message_reference?.message_id);
  const original = known ?? message.referenced_message;
  if (!original)
    return h(
      "div",
      { class: "above" },
      h("span", { class: "spine" }),
      icon("reply"),
      h("em", {}, "The original message was deleted"),
    );
  const name = page.store.name(original.author);
  const text = plainText(original.content || firstText(original.components) || original.embeds?.[0]?.title || "", page);
  return h(
    "button",
    {
      type: "button",
      class: "above reply",
      onclick: () => page.jumpTo(original.id),
      "aria-label": `In reply to ${name}: ${text.slice(0, 120)}`,
    },
    h("span", { class: "spine" }),
    avatar({ ...original.author, bot: page.store.isBot(original.author) }, name),
    h("strong", {}, name),
    h("span", { class: "quoted" }, text || "See the message"),
  );
}

function body(message, page) {
  if (message.sending) return waiting("Sending the command…");
  if (message.thinking || message.flags & LOADING) return waiting(`${page.store.name(message.author)} is thinking…`);
  const parts = [];
  const v2 = message.flags & COMPONENTS_V2;
  if (message.content && !v2) parts.push(h("div", { class: "content" }, markdown(message.content, page)));
  if (message.edited_timestamp && !v2)
    parts.push(h("span", { class: "edited", title: message.edited_timestamp }, "(edited)"));
  if (!v2 && message.attachments?.length)
    parts.push(h("div", { class: "attachments" }, message.attachments.map(attachmentNode)));
  if (!v2 && !(message.flags & SUPPRESS_EMBEDS))
    parts.push(...(message.embeds ?? []).map((embed) => embedNode(embed, message, page)));
  if (message.components?.length) parts.push(h("div", { class: "components" }, componentNodes(message, page)));
  return parts;
}

function waiting(text) {
  return h(
    "div",
    { class: "waiting" },
    h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
    h("span", {}, text),
  );
}

function dismissal(message, page) {
  return h(
    "div",
    { class: "dismissal" },
    icon("eye"),
    "Only you can see this · ",
    h("button", { type: "button", class: "link", onclick: () => page.dismiss(message) }, "Dismiss message"),
  );
}

/** Deleting asks once more: the first press arms the button, the second deletes, leaving it disarms. */
function actions(message, page) {
  const press = (event) => {
    const button = event.currentTarget;
    if (button.hasAttribute("data-local-armed")) page.deleteMessage(message);
    else button.setAttribute("data-local-armed", "");
  };
  const disarm = (event) => event.currentTarget.removeAttribute("data-local-armed");
  const props = { type: "button", "aria-label": "Message actions", title: "Delete this message (press twice)" };
  return h(
    "div",
    { class: "actions" },
    h("button", { ...props, onclick: press, onpointerleave: disarm, onblur: disarm }, icon("trash")),
  );
}
