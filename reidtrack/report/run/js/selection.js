// Which visit the page shows at the moment; whoever draws something of it listens.

/** @type {string | null} */
let selected = null;

/** @type {((name: string | null, before: string | null) => void)[]} */
const listeners = [];

/** Name of the selected visit; null where there is none. */
export const selectedVisit = () => selected;

/** @param {string | null} name Of a visit, which may be the selected one; null selects none. */
export function selectVisit(name) {
  const before = selected;
  selected = name;
  for (const listener of listeners) listener(name, before);
}

/** @param {(name: string | null, before: string | null) => void} listener */
export function onSelect(listener) {
  listeners.push(listener);
}
