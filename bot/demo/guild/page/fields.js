// What can be filled in in a modal. Each field: `element`, `label` target `id`, `problem()` (words or null),
// `read()` (the submitted component, as Discord sends it) and `focus()`.

import { bytes, h } from "./dom.js";
import { icon } from "./icons.js";
import { defaultValues, selectControl } from "./select.js";

const PARAGRAPH = 2;
const REQUIRED = "This field is required.";

const MAKE = {
  3: select,
  4: textInput,
  5: select,
  6: select,
  7: select,
  8: select,
  19: fileUpload,
  21: radios,
  22: checks,
  23: check,
};

/** `page`: store and api. `id` is the element id that a label points to. */
export function makeField(component, id, page) {
  return MAKE[component.type]?.(component, id, page) ?? null;
}

export function isRequired(component) {
  return component.type !== 23 && component.required !== false;
}

function textInput(component, id) {
  const tag = component.style === PARAGRAPH ? "textarea" : "input";
  const control = h(tag, {
    id,
    class: "input",
    type: tag === "input" ? "text" : null,
    rows: tag === "textarea" ? 4 : null,
    placeholder: component.placeholder,
    maxlength: component.max_length,
    autocomplete: "off",
    "aria-required": isRequired(component) ? "true" : null,
    "data-custom-id": component.custom_id,
  });
  control.value = component.value ?? "";
  const count = h("span", { class: "length", "aria-hidden": "true" });
  const tally = () => {
    const near =
      component.max_length && (component.max_length <= 400 || control.value.length > component.max_length - 200);
    count.textContent = near ? `${control.value.length}/${component.max_length}` : "";
  };
  control.oninput = tally;
  tally();
  return {
    element: h("div", { class: "input-box" }, control, count),
    focus: () => control.focus(),
    read: () => ({ type: 4, custom_id: component.custom_id, value: control.value }),
    problem: () => {
      const { length } = control.value;
      if (!control.value.trim() && isRequired(component)) return REQUIRED;
      if (length && length < (component.min_length ?? 0)) return `Must be at least ${component.min_length} characters.`;
      if (component.max_length && length > component.max_length)
        return `Must be at most ${component.max_length} characters.`;
      return null;
    },
  };
}

function select(component, id, page) {
  let chosen = defaultValues(component);
  const box = h("div", {});
  const draw = () => {
    const choose = (values) => {
      chosen = values;
      draw();
      box.firstElementChild.focus();
    };
    box.replaceChildren(
      selectControl(component, { store: page.store, chosen, id, required: isRequired(component), choose }),
    );
  };
  draw();
  return {
    element: box,
    focus: () => box.firstElementChild.focus(),
    read: () => ({ type: component.type, custom_id: component.custom_id, values: chosen }),
    problem: () => countProblem(component, chosen.length, "Choose"),
  };
}

function radios(component, id) {
  const inputs = (component.options ?? []).map((option, index) =>
    h("input", { type: "radio", name: id, id: `${id}-${index}`, value: option.value, checked: option.default }),
  );
  const chosen = () => inputs.find((input) => input.checked)?.value ?? null;
  return {
    element: group("radiogroup", id, component.options, inputs),
    focus: () => (inputs.find((input) => input.checked) ?? inputs[0])?.focus(),
    read: () => ({ type: 21, custom_id: component.custom_id, value: chosen() }),
    problem: () => (isRequired(component) && chosen() === null ? REQUIRED : null),
  };
}

function checks(component, id) {
  const inputs = (component.options ?? []).map((option, index) =>
    h("input", { type: "checkbox", id: `${id}-${index}`, value: option.value, checked: option.default }),
  );
  const chosen = () => inputs.filter((input) => input.checked).map((input) => input.value);
  return {
    element: group("group", id, component.options, inputs),
    focus: () => inputs[0]?.focus(),
    read: () => ({ type: 22, custom_id: component.custom_id, values: chosen() }),
    problem: () =>
      countProblem({ ...component, max_values: component.max_values ?? inputs.length }, chosen().length, "Tick"),
  };
}

function check(component, id) {
  const control = h("input", { type: "checkbox", id, class: "single-check", checked: component.default });
  return {
    element: h("div", { class: "option-line" }, control),
    focus: () => control.focus(),
    read: () => ({ type: 23, custom_id: component.custom_id, value: control.checked }),
    problem: () => null,
  };
}

function fileUpload(component, id, page) {
  const most = component.max_values ?? 1;
  let files = [];
  const list = h("div", { class: "upload-list" });
  const control = h("input", { type: "file", id, class: "upload-input", multiple: most > 1 });
  const draw = () =>
    list.replaceChildren(
      ...files.map((file) =>
        h(
          "div",
          { class: "upload-item" },
          icon("file"),
          h("span", { class: "upload-name" }, file.name),
          h("small", {}, file.failed ?? (file.id ? bytes(file.size) : "uploading…")),
          h(
            "button",
            {
              type: "button",
              class: "upload-drop",
              "aria-label": `Take out ${file.name}`,
              onclick: () => {
                files = files.filter((one) => one !== file);
                draw();
              },
            },
            icon("close"),
          ),
        ),
      ),
    );
  control.onchange = () => {
    const added = [...control.files].map((file) => {
      const entry = { name: file.name, size: file.size, id: null, failed: null };
      const taken = (answer) => {
        entry.id = answer.id;
      };
      const refused = (problem) => {
        entry.failed = problem.message;
      };
      entry.done = page.api.upload(file).then(taken, refused).then(draw);
      return entry;
    });
    files = most > 1 ? [...files, ...added] : added;
    control.value = "";
    draw();
  };
  return {
    element: h(
      "div",
      { class: "upload" },
      h(
        "div",
        { class: "upload-drop-zone" },
        icon("plus"),
        h("span", {}, most > 1 ? `Choose up to ${most} files` : "Choose a file"),
        control,
      ),
      list,
    ),
    focus: () => control.focus(),
    ready: () => Promise.all(files.map((file) => file.done)),
    read: () => ({ type: 19, custom_id: component.custom_id, values: files.map((file) => file.id) }),
    problem: () => {
      if (files.some((file) => file.failed)) return "A file could not be uploaded. Take it out and try again.";
      return countProblem(component, files.length, "Choose");
    },
  };
}

function group(role, id, options = [], inputs) {
  const lines = inputs.map((input, index) => {
    const { label, description } = options[index];
    return h(
      "label",
      { class: "option-line", for: input.id },
      input,
      h("span", { class: "option-words" }, h("span", {}, label), description ? h("small", {}, description) : null),
    );
  });
  return h("div", { class: "option-group", role, "aria-labelledby": `${id}-label`, id }, lines);
}

function countProblem(component, count, verb) {
  const least = component.min_values ?? 1;
  const most = component.max_values ?? 1;
  if (count === 0) return isRequired(component) && least > 0 ? REQUIRED : null;
  if (count < least) return `${verb} at least ${least}.`;
  if (count > most) return `${verb} at most ${most}.`;
  return null;
}
