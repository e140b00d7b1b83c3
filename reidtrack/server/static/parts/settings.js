// Every setting of a run as a form, made from the configuration's own schema; only what is changed is sent.

import { element } from "../../../report/js/dom.js";
import { get } from "../api.js";
import { field, input } from "./make.js";

const resolve = (schema, part) => (part.$ref ? schema.$defs[part.$ref.split("/").at(-1)] : part);

function choices(part) {
  if (part.enum) return part.enum;
  if (part.type === "boolean") return [true, false];
  return null;
}

/** A field for a value, and how to read it back; what is no choice is written as JSON or plain text. */
function control(part, value) {
  const given = choices(part);
  if (given) {
    const list = element("select");
    for (const choice of given) list.append(new Option(String(choice), JSON.stringify(choice)));
    list.value = JSON.stringify(value);
    return [list, () => JSON.parse(list.value)];
  }
  const line = input("text", { value: typeof value === "string" ? value : JSON.stringify(value) });
  const read = () => {
    try {
      return JSON.parse(line.value);
    } catch {
      return line.value;
    }
  };
  return [line, read];
}

/** Fields of a part of the settings; what is changed in them is put into `form.changed` by dotted key. */
function section(form, part, values, prefix) {
  return Object.entries(part.properties || {}).map(([name, raw]) => {
    const key = prefix ? `${prefix}.${name}` : name;
    const inner = resolve(form.schema, raw);
    const value = values[name];
    if (!inner.properties || value === null) return setting(form, { key, name, raw, inner }, value);
    return element("details.panel", element("summary", name), element("div.gridded", ...section(form, inner, value, key)));
  });
}

function setting({ changed }, { key, name, raw, inner }, value) {
  const [made, read] = control(inner, value);
  made.addEventListener("change", () => {
    const now = read();
    if (JSON.stringify(now) === JSON.stringify(value)) changed.delete(key);
    else changed.set(key, now);
  });
  const note = raw.description || inner.description;
  return field(note ? `${name}: ${note}` : name, made);
}

/** The form in a box that opens, and what was changed in it by dotted key. */
export async function settingsForm() {
  const { schema, defaults } = await get("/settings");
  const changed = new Map();
  const fields = section({ schema, changed }, schema, defaults, "");
  const panel = element("details", element("summary", "Settings"), element("div", ...fields));
  return { panel, changed: () => Object.fromEntries(changed) };
}
