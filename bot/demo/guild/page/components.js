// A message's components, both generations: rows, buttons and selects; containers, sections, text, media, files.
// Numbers are Discord's component types (https://discord.com/developers/docs/components/reference).

import { colour, h, safeUrl } from "./dom.js";
import { icon } from "./icons.js";
import { markdown } from "./markdown.js";
import { fileCard, mediaUrl, picture } from "./media.js";
import { defaultValues, emoji, selectControl } from "./select.js";

const RENDER = {
  1: (row, scene) => h("div", { class: "row" }, each(row.components, scene)),
  2: button,
  3: select,
  5: select,
  6: select,
  7: select,
  8: select,
  9: section,
  10: (text, { page }) => h("div", { class: "text-display" }, markdown(text.content, page)),
  11: thumbnail,
  12: gallery,
  13: file,
  14: separator,
  17: container,
};

/** `page`: store, interactions, openChannel, openCommand. */
export function componentNodes(message, page) {
  return each(message.components, { message, page, local: page.interactions.local(message.id) });
}

/** The first words in a message's components: what a reply to it quotes. */
export function firstText(components = []) {
  for (const component of components) {
    const text = component.type === 10 ? component.content : firstText(component.components);
    if (text) return text;
  }
  return "";
}

function each(components = [], scene) {
  return components.map((component) => RENDER[component.type]?.(component, scene) ?? unknown(component));
}

function unknown(component) {
  return h("div", { class: "unknown" }, `This page cannot show component type ${component.type}.`);
}

function button(component, { message, page, local }) {
  const words = [
    component.emoji ? emoji(component.emoji) : null,
    component.label ? h("span", {}, component.label) : null,
  ];
  const name = component.label ? null : (component.emoji?.name ?? "Button");
  if (component.style === 5) {
    const href = component.disabled ? null : safeUrl(component.url);
    const props = {
      class: "btn btn-5",
      href,
      target: "_blank",
      rel: "noopener",
      "aria-label": name,
      "aria-disabled": component.disabled ? "true" : null,
    };
    return h("a", { ...props, title: component.url, role: "link" }, words, icon("external"));
  }
  const busy = local.pending.has(component.custom_id);
  return h(
    "button",
    {
      type: "button",
      class: `btn btn-${component.style ?? 2}`,
      disabled: component.disabled,
      "aria-label": name,
      "aria-busy": busy ? "true" : null,
      "data-custom-id": component.custom_id,
      onclick: () => page.interactions.press(message, component),
    },
    h("span", { class: "btn-words" }, words),
    busy ? h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")) : null,
  );
}

function select(component, { message, page, local }) {
  return selectControl(component, {
    store: page.store,
    chosen: local.chosen.get(component.custom_id) ?? defaultValues(component),
    busy: local.pending.has(component.custom_id),
    choose: (values) => page.interactions.press(message, component, values),
  });
}

function section(component, scene) {
  return h(
    "div",
    { class: "section" },
    h("div", { class: "section-words" }, each(component.components, scene)),
    component.accessory ? h("div", { class: "section-side" }, each([component.accessory], scene)) : null,
  );
}

function thumbnail(component, { message }) {
  const url = mediaUrl(component.media?.url, message);
  return (
    picture(url, { description: component.description, spoiler: component.spoiler, className: "thumbnail" }) ??
    h("span")
  );
}

function gallery(component, { message }) {
  const items = component.items ?? [];
  const cells = items.map((item) => {
    const { width, height } = items.length === 1 ? item.media : {};
    return picture(mediaUrl(item.media?.url, message), {
      description: item.description,
      spoiler: item.spoiler,
      width,
      height,
    });
  });
  return h("div", { class: "gallery", "data-count": Math.min(items.length, 4) }, cells);
}

function file(component, { message }) {
  const url = mediaUrl(component.file?.url, message);
  const name = component.name ?? component.file?.url?.split("/").at(-1) ?? "file";
  const attachment = message.attachments?.find((one) => one.filename === name);
  return fileCard(url, name, component.size ?? attachment?.size);
}

function separator(component) {
  const wide = component.spacing === 2 ? " wide" : "";
  return component.divider === false ? h("div", { class: `gap${wide}` }) : h("hr", { class: `rule${wide}` });
}

function container(component, scene) {
  const accent = component.accent_color ?? component.accent_colour;
  const accented = accent !== null && accent !== undefined;
  const reveal = (event) => event.currentTarget.setAttribute("data-local-revealed", "");
  return h(
    "div",
    {
      class: `container${accented ? " accented" : ""}${component.spoiler ? " container-spoiler" : ""}`,
      style: accented ? `--accent:${colour(accent)}` : null,
      onclick: component.spoiler ? reveal : null,
    },
    each(component.components, scene),
  );
}
