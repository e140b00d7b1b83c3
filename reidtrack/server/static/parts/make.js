// Small elements that several pages make.

import { element } from "../../../report/js/dom.js";
import { formatTime } from "../../../report/js/format.js";
import { address, path } from "../api.js";

/** @param {string} text @param {() => unknown} act @param {string} [kind] Classes, such as "main". */
export function button(text, act, kind) {
  const made = element(kind ? `button.${kind}` : "button", text);
  made.addEventListener("click", act);
  return made;
}

/** @param {string} href @param {...(Node | string)} inside */
export function link(href, ...inside) {
  const made = element("a", ...inside);
  made.href = href;
  return made;
}

/** A labelled field of a form. */
export function field(label, control) {
  return element("label.field", element("span", label), control);
}

/** @param {string} kind Type of the input. @param {Record<string, string | boolean>} [attributes] */
export function input(kind, attributes = {}) {
  const made = element("input");
  made.type = kind;
  for (const [name, value] of Object.entries(attributes)) made[name] = value;
  return made;
}

/** A list of terms and values; empty ones are left out. */
export function terms(kind, pairs) {
  const list = element(kind);
  for (const [term, value] of pairs) {
    if (value !== null && value !== undefined && value !== "") {
      list.append(element("div", element("dt", term), element("dd", String(value))));
    }
  }
  return list;
}

/** A picture of somebody; without one, an empty frame. */
export function face(run, crop, alt, kind = "face") {
  const image = element(`img.${kind}`);
  image.alt = crop ? alt : "";
  image.loading = "lazy";
  if (crop) image.src = address(path("runs", run, "crops", crop.camera, crop.track_id, crop.frame));
  return image;
}

/** Address of a moment of a run, and of one camera there. */
export const moment = (run, time, camera) => `${path("runs", run)}?${new URLSearchParams({ t: String(time), camera })}`;

/** @param {{id: number, name: string | null}} person */
export const called = (person) => person.name ?? `person ${person.id}`;

/** @param {number} from @param {number} to Seconds of the run. */
export const span = (from, to) => `${formatTime(from, 1)}–${formatTime(to, 1)}`;

/** Whether a key that was pressed is meant for a field or goes with a modifier. */
export function isTyping(event) {
  const typed = /** @type {Element} */ (event.target).closest("input, select, textarea, [contenteditable]");
  return Boolean(typed) || event.ctrlKey || event.metaKey || event.altKey;
}
