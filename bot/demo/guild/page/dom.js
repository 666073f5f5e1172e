// Building and updating DOM nodes. Text from people only ever enters as text nodes, never as markup.

const HANDLERS = ["onclick", "onkeydown", "onchange", "oninput", "onblur", "onpointerleave"];

/**
 * Make an element. `props` are attributes, except handlers (`onclick`, …), which are set as properties so that
 * `morph` can carry them over. False, null and undefined attributes are left out, true ones are empty.
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/**
 * Make `from` look like `to` with as few changes as possible, and return the node that is now in the document.
 * Focus, text selection, loaded images and attributes named `data-local-*` (what the reader did) survive.
 */
export function morph(from, to) {
  if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName) {
    from.replaceWith(to);
    return to;
  }
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.data !== to.data) from.data = to.data;
    return from;
  }
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && !name.startsWith("data-local-")) from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  for (const name of HANDLERS) from[name] = to[name];
  const old = [...from.childNodes];
  const fresh = [...to.childNodes];
  fresh.forEach((child, index) => (index < old.length ? morph(old[index], child) : from.append(child)));
  old.slice(fresh.length).forEach((child) => child.remove());
  return from;
}

/** An address that is safe to put in `href` or `src`: http, https or this page's own; else null. */
export function safeUrl(text) {
  try {
    const url = new URL(text, location.href);
    return url.protocol === "http:" || url.protocol === "https:" || url.protocol === "blob:" ? url.href : null;
  } catch {
    return null;
  }
}

/** Bytes in words, as Discord writes them: `1.5 MB`. */
export function bytes(count) {
  if (count < 1024) return `${count} bytes`;
  const power = Math.min(3, Math.floor(Math.log2(count) / 10));
  return `${(count / 1024 ** power).toFixed(power > 1 ? 2 : 0)} ${["", "KB", "MB", "GB"][power]}`;
}

/** Discord's ids are 64 bit numbers in decimal: too large for a JavaScript number. */
export function compareIds(a, b) {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

export function colour(number) {
  return `#${(number >>> 0).toString(16).padStart(6, "0").slice(-6)}`;
}
