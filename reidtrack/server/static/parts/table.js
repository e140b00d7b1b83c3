// Tables with a head, in a box that scrolls by itself where the window is narrow.

import { element } from "../../../report/js/dom.js";

/**
 * @param {string[]} columns Names of the columns.
 * @param {(string | number | Node)[][]} rows
 * @param {string} [kind] The table and its classes.
 */
export function table(columns, rows, kind = "table") {
  const head = element("tr", ...columns.map((name) => heading(name, "col")));
  const body = rows.map(([first, ...rest]) => element("tr", heading(cell(first), "row"), ...rest.map((value) => element("td", cell(value)))));
  const box = element("div.scroll", element(kind, element("thead", head), element("tbody", ...body)));
  box.tabIndex = 0;
  return box;
}

const cell = (value) => (typeof value === "number" ? String(value) : value);

function heading(inside, scope) {
  const made = element("th", inside);
  made.scope = scope;
  return made;
}
