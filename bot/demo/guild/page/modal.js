// A modal: title, labelled fields, the checks that Discord makes before it sends, and what is sent.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { isRequired, makeField } from "./fields.js";
import { markdown } from "./markdown.js";
import { closeMenu } from "./menu.js";

const ROW = 1;
const TEXT = 10;
const LABEL = 18;

let counter = 0;

/**
 * Open a modal. `submit(components)` sends it and answers null, or words when that failed: then the modal stays open
 * with all that was typed. Components Discord numbers itself get their place as `id`.
 */
export function openModal(modal, page, submit) {
  const name = `modal-${++counter}`;
  const fields = [];
  let numbered = 0;
  const number = (component) => component.id ?? ++numbered;
  const rows = (modal.components ?? []).map((component, index) => {
    const id = `${name}-${index}`;
    const own = number(component);
    if (component.type === TEXT) {
      fields.push({ problem: () => null, payload: () => ({ type: TEXT, id: own }) });
      return h("div", { class: "modal-text" }, markdown(component.content, page));
    }
    const inner =
      component.type === LABEL ? component.component : component.type === ROW ? component.components[0] : component;
    const field = makeField(inner, id, page);
    if (!field) return h("div", { class: "unknown" }, `This page cannot show component type ${inner.type}.`);
    const innerId = inner === component ? own : number(inner);
    const read = () => ({ ...field.read(), id: innerId });
    const wrap = {
      [LABEL]: () => ({ type: LABEL, id: own, component: read() }),
      [ROW]: () => ({ type: ROW, id: own, components: [read()] }),
    };
    const row = fieldRow(
      id,
      component.label ?? inner.label ?? inner.placeholder ?? "",
      component.description,
      inner,
      field,
    );
    fields.push({ ...field, payload: wrap[component.type] ?? read, complain: row.complain });
    return row.element;
  });

  const failure = h("div", { class: "modal-failure", role: "alert" });
  const send = h("button", { type: "submit", class: "btn btn-1" }, h("span", { class: "btn-words" }, "Submit"));
  const dialog = h("dialog", {
    class: "modal",
    role: "dialog",
    "aria-modal": "true",
    "aria-labelledby": `${name}-title`,
  });
  const close = () => {
    closeMenu();
    dialog.close();
  };
  const form = h(
    "form",
    { class: "modal-form", novalidate: true },
    h(
      "header",
      { class: "modal-head" },
      h("h2", { id: `${name}-title` }, modal.title),
      h("button", { type: "button", class: "modal-close", "aria-label": "Close", onclick: close }, icon("close")),
    ),
    h("div", { class: "modal-body" }, rows, failure),
    h(
      "footer",
      { class: "modal-foot" },
      h("button", { type: "button", class: "btn btn-2", onclick: close }, "Cancel"),
      send,
    ),
  );
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (dialog.hasAttribute("aria-busy")) return;
    failure.replaceChildren();
    dialog.setAttribute("aria-busy", "true");
    try {
      await Promise.all(fields.map((field) => field.ready?.()));
      const wrong = fields.filter((field) => {
        const problem = field.problem();
        field.complain?.(problem);
        return problem;
      });
      wrong[0]?.focus();
      if (wrong.length) return;
      const refused = await submit(fields.map((field) => field.payload()));
      if (refused) failure.replaceChildren(icon("alert"), refused);
      else close();
    } finally {
      dialog.removeAttribute("aria-busy");
    }
  };
  form.onkeydown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  };
  dialog.append(form);
  dialog.onclose = () => {
    dialog.remove();
    document.getElementById("composer")?.focus();
  };
  document.body.append(dialog);
  dialog.showModal();
  (fields.find((field) => field.focus) ?? { focus: () => send.focus() }).focus();
}

function fieldRow(id, label, description, inner, field) {
  const words = h("div", { class: "field-problem", id: `${id}-problem`, role: "alert" });
  const element = h(
    "div",
    { class: "field" },
    h(
      "div",
      { class: "field-label" },
      h("label", { for: id, id: `${id}-label` }, label),
      isRequired(inner) ? h("span", { class: "star", "aria-hidden": "true" }, "*") : null,
    ),
    description ? h("div", { class: "field-description", id: `${id}-description` }, description) : null,
    field.element,
    words,
  );
  const control = () => element.querySelector(`#${id}`);
  control()?.setAttribute("aria-describedby", description ? `${id}-description ${id}-problem` : `${id}-problem`);
  const complain = (problem) => {
    words.textContent = problem ?? "";
    control()?.setAttribute("aria-invalid", String(Boolean(problem)));
    element.classList.toggle("wrong", Boolean(problem));
  };
  element.addEventListener("input", () => complain(null));
  return { element, complain };
}
