// Keys: arrows walk over the visits, + - 0 set the time axis, Escape closes the dock.

import { all, one } from "../../js/dom.js";
import { selectVisit } from "./selection.js";
import { showWholeRun, zoom } from "./time_axis.js";
import { hideTip } from "./tooltip.js";

const ACROSS = { ArrowLeft: -1, ArrowRight: 1 };
const DOWN = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" };

const actions = {
  "+": () => zoom(0.5),
  "=": () => zoom(0.5),
  "-": () => zoom(2),
  0: showWholeRun,
};

/** The bar to the left (-1) or right (1) within a person's lane. */
function besides(bar, by) {
  const bars = all(".bar", bar.closest(".lane"));
  return bars[bars.indexOf(bar) + by];
}

/** The first bar of the next lane that the search left, in the direction of `sibling`. */
function inNextLane(bar, sibling) {
  let lane = bar.closest(".lane")[sibling];
  while (lane?.classList.contains("none")) lane = lane[sibling];
  return lane && one(".bar", lane);
}

function moveFrom(bar, event) {
  const { key } = event;
  if (!(key in ACROSS) && !(key in DOWN)) return;
  event.preventDefault();
  const next = key in ACROSS ? besides(bar, ACROSS[key]) : inNextLane(bar, DOWN[key]);
  next?.focus();
}

/** Does what a key stands for, unless it is meant for a field, the video or the browser. */
function obey(event) {
  if (event.key === "Escape") {
    hideTip();
    selectVisit(null);
  }
  if (event.target.closest("input, select, video") || event.ctrlKey || event.metaKey || event.altKey) return;
  actions[event.key]?.();
  const bar = event.target.closest(".bar");
  if (bar) moveFrom(bar, event);
}

/** Listens to the keyboard. */
export function startKeyboard() {
  document.addEventListener("keydown", obey);
}
