// Slash commands as data: flattening groups, reading a typed line, checking values, building what is sent. No DOM.
// Option types are Discord's: https://discord.com/developers/docs/interactions/application-commands

export const SUB_COMMAND = 1;
export const SUB_COMMAND_GROUP = 2;
export const STRING = 3;
export const INTEGER = 4;
export const BOOLEAN = 5;
export const USER = 6;
export const CHANNEL = 7;
export const ROLE = 8;
export const MENTIONABLE = 9;
export const NUMBER = 10;
export const ATTACHMENT = 11;

/** Each command one can type, groups flattened: `{name: "server create", description, options, path, command}`. */
export function flatten(commands) {
  return commands.flatMap((command) => walk(command, [], command)).sort((a, b) => a.name.localeCompare(b.name));
}

function walk(node, path, command) {
  const here = [...path, node];
  const children = (node.options ?? []).filter((option) => option.type <= SUB_COMMAND_GROUP);
  if (children.length) return children.flatMap((child) => walk(child, here, command));
  const options = [...(node.options ?? [])].sort((a, b) => Boolean(b.required) - Boolean(a.required));
  return [{ name: here.map((one) => one.name).join(" "), description: node.description, options, path: here, command }];
}

/** Commands that fit what was typed after `/`, best first. */
export function search(entries, typed) {
  const wanted = typed.trim().toLowerCase();
  const rank = (entry) => {
    if (entry.name === wanted) return 0;
    if (entry.name.startsWith(wanted)) return 1;
    if (entry.name.split(" ").some((word) => word.startsWith(wanted))) return 2;
    return entry.name.includes(wanted) ? 3 : 9;
  };
  return entries.filter((entry) => rank(entry) < 9).sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

/**
 * Read `/server create game:Meadow name:Pond`: `{entry, texts, last}`, or null when no command fits. `texts` maps
 * option names to what was typed; `last` is the option that the end of the line belongs to, or null. A value goes on
 * until the next option's name; words before any option count as the first option that is missing.
 */
export function readLine(line, entries) {
  const typed = line.replace(/\s+/g, " ").toLowerCase();
  const fits = entries.filter((entry) => typed === `/${entry.name}` || typed.startsWith(`/${entry.name} `));
  const entry = fits.sort((a, b) => b.name.length - a.name.length)[0];
  if (!entry) return null;
  const words = entry.name.split(" ").join("\\s+");
  const rest = line.replace(new RegExp(`^/${words}`, "i"), "");
  const texts = new Map();
  const marks = [];
  for (const match of rest.matchAll(/(?<=^|\s)([^\s:]+):/gu)) {
    const option = entry.options.find((one) => one.name === match[1].toLowerCase());
    if (option && !texts.has(option.name)) {
      texts.set(option.name, "");
      marks.push({ name: option.name, from: match.index, to: match.index + match[0].length });
    }
  }
  marks.forEach((mark, index) => texts.set(mark.name, rest.slice(mark.to, marks[index + 1]?.from).trim()));
  const loose = rest.slice(0, marks[0]?.from).trim();
  const home = entry.options.find((option) => !texts.has(option.name));
  if (loose && home) texts.set(home.name, loose);
  return { entry, texts, last: marks.at(-1)?.name ?? null, loose };
}

/** What an option accepts by name: `{value, label, description?}`; null when anything may be typed. */
export function fixedItems(option, guild) {
  if (option.choices?.length) return option.choices.map(({ name, value }) => ({ value, label: name }));
  switch (option.type) {
    case BOOLEAN:
      return [
        { value: true, label: "True" },
        { value: false, label: "False" },
      ];
    case USER:
      return guild.users();
    case ROLE:
      return guild.roles();
    case MENTIONABLE:
      return [...guild.users(), ...guild.roles()];
    case CHANNEL:
      return guild.channels(option.channel_types);
    default:
      return null;
  }
}

/** What an option is for; libraries write `…` where nobody said. */
export function describe({ description }) {
  return description === "…" ? "" : description;
}

/** Read one typed value: `{value, label}` or `{problem}` in words. `guild` lists users, roles and channels. */
export function readValue(option, text, guild) {
  const typed = text.trim();
  const items = fixedItems(option, guild);
  if (items) {
    const found = items.find((item) => sameName(item, typed, option.type)) ?? only(items, typed);
    if (found) return { value: found.value, label: found.label };
    return {
      problem:
        items.length <= 8
          ? `${option.name} is one of: ${items.map((item) => item.label).join(", ")}.`
          : `${option.name}: choose one from the list.`,
    };
  }
  if (option.type === INTEGER && !/^[+-]?\d+$/.test(typed)) return { problem: `${option.name} is a whole number.` };
  if (option.type === NUMBER && !/^[+-]?(\d+\.?\d*|\.\d+)$/.test(typed))
    return { problem: `${option.name} is a number.` };
  if (option.type === ATTACHMENT) return { problem: `${option.name} is a file: choose one.` };
  if (option.type === STRING) {
    const length = [...typed].length;
    if (length < (option.min_length ?? 0))
      return { problem: `${option.name} has at least ${option.min_length} characters.` };
    if (length > (option.max_length ?? 6000))
      return { problem: `${option.name} has at most ${option.max_length ?? 6000} characters.` };
    return { value: typed, label: typed };
  }
  const value = Number(typed);
  const { min_value: least, max_value: most } = option;
  if (least !== undefined && most !== undefined && (value < least || value > most))
    return { problem: `${option.name} is between ${least} and ${most}.` };
  if (least !== undefined && value < least) return { problem: `${option.name} is at least ${least}.` };
  if (most !== undefined && value > most) return { problem: `${option.name} is at most ${most}.` };
  return { value, label: typed };
}

function sameName(item, typed, type) {
  if (String(item.value) === typed.replace(/^<[@#][!&]?(\d+)>$/, "$1")) return true;
  const wanted = typed.replace(/^[@#]/, "").toLowerCase();
  if (type === BOOLEAN) return (item.value ? ["true", "yes"] : ["false", "no"]).includes(wanted);
  return [item.label, type === USER ? item.description : null].some((name) => name?.toLowerCase() === wanted);
}

function only(items, typed) {
  const wanted = typed.replace(/^[@#]/, "").toLowerCase();
  const fits = wanted ? items.filter((item) => item.label.toLowerCase().startsWith(wanted)) : [];
  return fits.length === 1 ? fits[0] : null;
}

/** Names of options that must be given and are not. */
export function missing(entry, given) {
  return entry.options.filter((option) => option.required && !given.has(option.name)).map((option) => option.name);
}

/** `game and name are needed.` */
export function missingWords(names) {
  const list = names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names[0];
  return `${list} ${names.length > 1 ? "are" : "is"} needed: fill ${names.length > 1 ? "them" : "it"} in, then press Enter.`;
}

/** Interaction data with the raw option tree. `values` maps option names to values; `focused` names the one typed. */
export function interactionData(entry, values, focused = null) {
  let options = entry.options
    .filter((option) => values.has(option.name))
    .map(({ name, type }) => ({ name, type, value: values.get(name), ...(name === focused && { focused: true }) }));
  for (const { name, type } of entry.path.slice(1).reverse()) options = [{ name, type, options }];
  return { id: entry.command.id, name: entry.command.name, type: 1, options };
}
