// The tooltip of a visit's bar: what its line in the person's card says.

import { all, element, one } from "../../js/dom.js";
import { chart, grid } from "./time_axis.js";

const EDGE_PX = 8;

const tip = one("#tip");

/** Terms and values of a table's row, by the names of its columns; the first column is left out. */
function descriptionOf(row) {
  const names = all("thead th", row.closest("table"));
  const list = element("dl");
  [...row.cells].forEach((cell, column) => {
    if (column === 0 || !names[column].textContent || !cell.textContent) return;
    const parts = all("span", cell).map((part) => part.title || part.textContent.trim()).filter(Boolean);
    const value = parts.length > 1 ? parts.join(", ") : cell.textContent;
    list.append(element("dt", names[column].textContent), element("dd", value));
  });
  return list;
}

/** Puts the tooltip under the bar's visible middle, or above where there is no room. */
function placeAt(bar) {
  const box = bar.getBoundingClientRect();
  const size = tip.getBoundingClientRect();
  const lane = grid.getBoundingClientRect();
  const middle = Math.max(box.left, lane.left) / 2 + Math.min(box.right, lane.right) / 2;
  const left = Math.min(innerWidth - size.width - EDGE_PX, middle - size.width / 2);
  const below = box.bottom + size.height + 12 < innerHeight;
  tip.style.left = `${Math.max(EDGE_PX, left)}px`;
  tip.style.top = `${below ? box.bottom + EDGE_PX : Math.max(EDGE_PX, box.top - size.height - EDGE_PX)}px`;
}

function showTip(bar) {
  const name = bar.dataset.v;
  const row = document.getElementById(name);
  const heading = element("b", one("h3", row.closest(".card")).textContent);
  const picture = one(`img[data-v="${name}"]`);
  tip.replaceChildren(...(picture ? [picture.cloneNode()] : []), element("div", heading, descriptionOf(row)));
  tip.hidden = false;
  placeAt(bar);
  const link = one("a[href^='#v']", row);
  if (link) one(`.bar[data-v="${link.hash.slice(1)}"]`, chart)?.classList.add("mate");
}

export function hideTip() {
  tip.hidden = true;
  for (const bar of all(".bar.mate", chart)) bar.classList.remove("mate");
}

/** Our own tooltip stands in for the browser's; the tab key stops at the first bar of each person. */
function prepareBar(bar) {
  bar.setAttribute("aria-label", bar.title);
  bar.removeAttribute("title");
  bar.tabIndex = bar.parentNode.parentNode.previousElementSibling || bar.previousElementSibling ? -1 : 0;
}

/** Shows the tooltip of whichever bar the pointer or the keyboard is at. */
export function startTooltip() {
  all(".bar", chart).forEach(prepareBar);
  const enter = (event) => {
    const bar = event.target.closest(".bar");
    if (!bar) return;
    hideTip();
    showTip(bar);
  };
  const leave = (event) => {
    if (event.target.closest(".bar")) hideTip();
  };
  for (const name of ["pointerover", "focusin"]) chart.addEventListener(name, enter);
  for (const name of ["pointerout", "focusout"]) chart.addEventListener(name, leave);
  const follow = () => {
    hideTip();
    if (document.activeElement.matches(".bar:focus-visible")) showTip(document.activeElement);
  };
  addEventListener("scroll", follow, { passive: true });
}
