// Discord's markdown: text -> tree (pure) -> DOM nodes. Nothing from the text is ever parsed as HTML.

import { timestamp } from "./clock.js";
import { h, safeUrl } from "./dom.js";

/**
 * Inline rules, tried in this order at each position. Each takes the match and a parser for what is inside, and
 * answers a node or null (no match after all).
 */
const INLINE = [
  [/\\([^0-9A-Za-z\s])/y, ([, char]) => char],
  [/```(?:[\w+.#-]+\n)?\n*([^]+?)\n*```/y, ([, code]) => ({ type: "pre", code })],
  [/(`+)([^]*?[^`])\1(?!`)/y, ([, , code]) => ({ type: "code", code: code.replace(/^ (?=`)|(?<=`) $/g, "") })],
  [/<t:(-?\d{1,17})(?::([tTdDfFR]))?>/y, ([, unix, style]) => ({ type: "time", unix: Number(unix), style })],
  [/<@!?(\d+)>/y, ([, id]) => ({ type: "user", id })],
  [/<@&(\d+)>/y, ([, id]) => ({ type: "role", id })],
  [/<#(\d+)>/y, ([, id]) => ({ type: "channel", id })],
  [/<\/([^<>:]{1,110}):(\d+)>/y, ([, name]) => ({ type: "command", name })],
  [/<a?:(\w{2,32}):\d+>/y, ([, name]) => ({ type: "emoji", name })],
  [/<(https?:\/\/[^\s<>]+)>/y, ([, url]) => ({ type: "link", url, children: [url] })],
  [
    /\[((?:\\.|[^[\]\\]|\[[^[\]]*\])+)\]\(\s*<?(https?:\/\/[^\s<>()]*(?:\([^\s()]*\)[^\s<>()]*)*)>?(?:\s+"[^"]*")?\s*\)/y,
    ([, text, url], inside) => ({ type: "link", url, children: inside(text, true) }),
  ],
  [/https?:\/\/[^\s<]+[^\s<.,:;"')\]!?*_~|]/y, ([url]) => ({ type: "link", url, children: [url] }), "outside links"],
  [/\|\|([^]+?)\|\|/y, ([, text], inside) => ({ type: "spoiler", children: inside(text) })],
  [/\*\*((?:\\[^]|[^\\])+?)\*\*(?!\*)/y, ([, text], inside) => ({ type: "strong", children: inside(text) })],
  [/__((?:\\[^]|[^\\])+?)__(?!_)/y, ([, text], inside) => ({ type: "u", children: inside(text) })],
  [/~~([^]+?)~~/y, ([, text], inside) => ({ type: "s", children: inside(text) })],
  [
    /\*(?=\S)((?:\*\*|\\[^]|\s+(?:\\[^]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)/y,
    ([, text], inside) => ({ type: "em", children: inside(text) }),
  ],
  [
    /(?<![A-Za-z0-9_])_((?:__|\\[^]|[^\\_])+?)_(?![A-Za-z0-9_])/y,
    ([, text], inside) => ({ type: "em", children: inside(text) }),
  ],
  [/@(everyone|here)\b/y, ([text]) => ({ type: "everyone", text })],
];
const PLAIN = /[^\\`<[h|*_~@\n]+|[^]/y;
const FENCE = /(?<!\\)```(?:[\w+.#-]+\n)?\n*([^]+?)\n*```/g;

const ITEM = /^( *)([-*]|\d{1,9}\.) +(\S.*)$/;

/** Text of one or more lines without blocks -> list of strings and nodes. */
export function parseInline(text, inLink = false) {
  const nodes = [];
  const push = (node) => {
    if (typeof node === "string" && typeof nodes.at(-1) === "string") nodes[nodes.length - 1] += node;
    else nodes.push(node);
  };
  let at = 0;
  scan: while (at < text.length) {
    for (const [rule, make, where] of INLINE) {
      if (inLink && where) continue;
      rule.lastIndex = at;
      const match = rule.exec(text);
      if (!match) continue;
      const end = rule.lastIndex;
      push(make(match, (inner, link = inLink) => parseInline(inner, link)));
      at = end;
      continue scan;
    }
    PLAIN.lastIndex = at;
    push(PLAIN.exec(text)[0]);
    at = PLAIN.lastIndex;
  }
  return nodes;
}

/** A whole message -> list of blocks: pre, heading, small, quote, list, text. */
export function parse(text) {
  const blocks = [];
  let at = 0;
  for (const match of text.matchAll(FENCE)) {
    blocks.push(...parseLines(text.slice(at, match.index).replace(/\n$/, "")));
    blocks.push({ type: "pre", code: match[1] });
    at = match.index + match[0].length;
    if (text[at] === "\n") at += 1;
  }
  blocks.push(...parseLines(text.slice(at)));
  return blocks;
}

function parseLines(text) {
  if (!text) return [];
  const lines = text.split("\n");
  const blocks = [];
  let plain = [];
  const flush = () => {
    if (plain.length) blocks.push({ type: "text", children: parseInline(plain.join("\n")) });
    plain = [];
  };
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index];
    const heading = /^(#{1,3}) +(.*\S)/.exec(line);
    const small = /^-# +(.*\S)/.exec(line);
    if (heading || small) {
      flush();
      if (heading) blocks.push({ type: "heading", level: heading[1].length, children: parseInline(heading[2]) });
      else blocks.push({ type: "small", children: parseInline(small[1]) });
    } else if (line.startsWith(">>> ")) {
      flush();
      const rest = [line.slice(4), ...lines.slice(index + 1)].join("\n");
      blocks.push({ type: "quote", children: parseLines(rest) });
      return blocks;
    } else if (/^> /.test(line) || line === ">") {
      flush();
      const quoted = [];
      while (index < lines.length && (/^> /.test(lines[index]) || lines[index] === ">"))
        quoted.push(lines[index++].slice(2));
      index -= 1;
      blocks.push({ type: "quote", children: parseLines(quoted.join("\n")) });
    } else if (ITEM.test(line)) {
      flush();
      const items = [];
      for (; index < lines.length; index += 1) {
        const item = readItem(lines[index]);
        if (item && items.length && item.indent <= items[0].indent && item.ordered !== items[0].ordered) break;
        if (item) items.push(item);
        else if (items.length && /^ {2,}\S/.test(lines[index])) items.at(-1).text += `\n${lines[index].trim()}`;
        else break;
      }
      index -= 1;
      blocks.push(nest(items));
    } else plain.push(line);
  }
  flush();
  return blocks;
}

function readItem(line) {
  const match = ITEM.exec(line);
  if (!match) return null;
  const [, spaces, mark, text] = match;
  return { indent: spaces.length, ordered: mark.endsWith("."), start: parseInt(mark, 10), text };
}

function nest(items) {
  const [first] = items;
  const list = { type: "list", ordered: first.ordered, start: first.start, items: [] };
  for (let index = 0; index < items.length; index += 1) {
    const deeper = [];
    const entry = { children: parseInline(items[index].text), list: null };
    while (index + 1 < items.length && items[index + 1].indent > first.indent) deeper.push(items[++index]);
    if (deeper.length) entry.list = nest(deeper);
    list.items.push(entry);
  }
  return list;
}

/**
 * Render markdown. `context` knows names: `store` (users, roles, channels, me), `openChannel(id)` and
 * `openCommand("server create")`.
 */
export function markdown(text, context) {
  return renderBlocks(parse(text), context);
}

/** The text without marks, on one line: for reply previews and titles. */
export function plainText(text, context) {
  const holder = h("div", {}, markdown(text.replace(/\n+/g, " "), context));
  return holder.textContent;
}

function renderBlocks(blocks, context) {
  return blocks.map((block) => {
    if (block.type === "pre") return pre(block.code);
    if (block.type === "heading")
      return h(`h${block.level + 2}`, { class: `md-h${block.level}` }, renderInline(block.children, context));
    if (block.type === "small") return h("div", { class: "md-small" }, renderInline(block.children, context));
    if (block.type === "quote") return h("blockquote", {}, renderBlocks(block.children, context));
    if (block.type === "list") return renderList(block, context);
    return h("div", { class: "md-text" }, renderInline(block.children, context));
  });
}

function renderList(list, context) {
  const items = list.items.map((item) =>
    h("li", {}, renderInline(item.children, context), item.list ? renderList(item.list, context) : null),
  );
  return list.ordered ? h("ol", { start: list.start }, items) : h("ul", {}, items);
}

function pre(code) {
  return h("pre", { tabindex: 0 }, h("code", {}, code));
}

function renderInline(nodes, context) {
  return nodes.map((node) => {
    if (typeof node === "string") return node;
    const inside = () => renderInline(node.children, context);
    switch (node.type) {
      case "pre":
        return pre(node.code);
      case "code":
        return h("code", {}, node.code);
      case "time":
        return timestamp(node.unix, node.style);
      case "emoji":
        return `:${node.name}:`;
      case "everyone":
        return h("span", { class: "mention" }, node.text);
      case "user":
        return h("span", { class: "mention" }, `@${context.store.name({ id: node.id, username: "unknown-user" })}`);
      case "role":
        return roleMention(context.store.roles.get(node.id));
      case "channel":
        return channelMention(node.id, context);
      case "command":
        return h(
          "button",
          { type: "button", class: "mention", onclick: () => context.openCommand(node.name) },
          `/${node.name}`,
        );
      case "link":
        return link(node.url, inside());
      case "spoiler":
        return spoiler(inside());
      default:
        return h(node.type, {}, inside());
    }
  });
}

function link(url, children) {
  const href = safeUrl(url);
  return href ? h("a", { href, target: "_blank", rel: "noopener noreferrer", title: href }, children) : children;
}

function roleMention(role) {
  const style = role?.color ? `--role:#${role.color.toString(16).padStart(6, "0")}` : null;
  return h("span", { class: "mention", style }, `@${role?.name.replace(/^@/, "") ?? "deleted-role"}`);
}

function channelMention(id, { store, openChannel }) {
  const channel = store.channels.get(id);
  if (!channel) return h("span", { class: "mention" }, "#unknown");
  return h("button", { type: "button", class: "mention", onclick: () => openChannel(id) }, `#${channel.name}`);
}

function spoiler(children) {
  const reveal = (event) => {
    event.currentTarget.setAttribute("data-local-revealed", "");
    event.currentTarget.setAttribute("aria-expanded", "true");
  };
  return h(
    "span",
    {
      class: "spoiler",
      role: "button",
      tabindex: 0,
      "aria-label": "Spoiler",
      "aria-expanded": "false",
      onclick: reveal,
      onkeydown: (event) => (event.key === "Enter" || event.key === " ") && reveal(event),
    },
    h("span", {}, children),
  );
}
