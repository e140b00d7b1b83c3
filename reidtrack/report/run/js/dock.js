// The dock at the foot of the page: the video at the selected visit, and why that visit was joined.

import { commandLine } from "../../js/command_line.js";
import { all, element, one } from "../../js/dom.js";
import { ignoreCommand, lockCommand, nameCommand, splitCommand } from "./commands.js";
import { cameraOf, neighbourOf, personOf, timesOf, visits } from "./data.js";
import { movePeopleTo, showAllPaths } from "./floor_plan.js";
import { linkReasons, linkRemedies, linkSides } from "./link_details.js";
import { colourOf } from "./people.js";
import { onSelect, selectVisit, selectedVisit } from "./selection.js";
import { chart, hidePlayhead, showPlayhead } from "./time_axis.js";
import { hideTip } from "./tooltip.js";
import { focusVideo, pauseVideo, playVideo, startVideo } from "./video.js";

const MOST_PICTURES = 3;
/** Room between the dock and what it must not cover. */
const ROOM_PX = 24;

const dock = one("#dock");

/**
 * Changes the shown visit's command that splits at the video's moment.
 *
 * @type {(command: string) => void}
 */
let setSplitCommand = () => {};

const barOf = (name) => one(`.bar[data-v="${name}"]`, chart);

function showTitle(name) {
  const { track } = visits[name];
  const where = `${cameraOf(name).name}, ${timesOf(name)}, track ${track}`;
  const small = element("small", [where, personOf(name).gallery].filter(Boolean).join("; "));
  one("#dock-title").replaceChildren(element("i.dot"), personOf(name).label, small);
  one("#before").disabled = !neighbourOf(name, -1);
  one("#after").disabled = !neighbourOf(name, 1);
}

/** The command that names a person, with a field for the name. */
function naming(name) {
  const id = visits[name].person;
  const field = element("input");
  field.placeholder = "name";
  field.setAttribute("aria-label", "Name of this person");
  field.value = personOf(name).name || "";
  const { line, setCommand } = commandLine(["Who is it? ", field], nameCommand(id, field.value));
  field.addEventListener("input", () => setCommand(nameCommand(id, field.value.trim())));
  return line;
}

function showReasons(name) {
  const { person, from } = visits[name];
  const splitting = commandLine("Another person from here on?", splitCommand(name, from));
  setSplitCommand = splitting.setCommand;
  const remedies = element(
    "div.cures",
    ...linkRemedies(name),
    splitting.line,
    commandLine("All visits right, and none missing?", lockCommand(person)).line,
    commandLine("Nobody who counts: a picture, staff?", ignoreCommand(name)).line,
    naming(name),
  );
  one("#why").replaceChildren(linkSides(name, MOST_PICTURES), linkReasons(name), remedies);
  one("#why").scrollTop = 0;
}

function markBar(name) {
  for (const bar of all(".bar.on", chart)) bar.classList.remove("on");
  barOf(name)?.classList.add("on");
}

/** Scrolls until the bar stands above the dock, if it was clicked in the timeline. */
function uncover(bar) {
  if (!bar || !chart.contains(document.activeElement)) return;
  const floor = dock.getBoundingClientRect().top - ROOM_PX;
  const { bottom } = bar.getBoundingClientRect();
  if (bottom > floor) scrollBy(0, bottom - floor);
}

function showMoment(time) {
  showPlayhead(time);
  movePeopleTo(time);
}

function show(name) {
  const { person, from } = visits[name];
  showTitle(name);
  dock.style.setProperty("--c", colourOf(person));
  showReasons(name);
  markBar(name);
  dock.hidden = false;
  document.body.style.paddingBottom = `${dock.offsetHeight + ROOM_PX}px`;
  uncover(barOf(name));
  if (!playVideo(cameraOf(name), from)) showMoment(from);
}

/** @param {string} name Of the visit that was shown. */
function hide(name) {
  pauseVideo();
  dock.hidden = true;
  document.body.style.paddingBottom = "";
  hidePlayhead();
  markBar(null);
  const focused = document.activeElement;
  if (dock.contains(focused) || focused === document.body) barOf(name)?.focus({ preventScroll: true });
  hideTip();
  showAllPaths();
}

function step(by) {
  const next = neighbourOf(selectedVisit(), by);
  if (next) selectVisit(next);
}

/** The visit of what was clicked: a bar, a line of a card, a picture or a path; undefined where there is none. */
function visitAt(clicked) {
  const target = clicked.closest(".bar, .visits a, .visits tbody tr, #cards img[data-v], #plan polyline");
  if (!target || target.matches("a:not(.bar, .play)")) return undefined;
  const name = target.dataset.v || target.closest("tr").id;
  return visits[name] && name;
}

/** Shows the clicked visit; Enter once more leads to the video. Other clicks keep their meaning, as do selections. */
function showClicked(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const name = visitAt(event.target);
  if (!name || String(getSelection())) return;
  event.preventDefault();
  hideTip();
  const byKeyboard = !event.detail;
  if (!byKeyboard || name !== selectedVisit()) selectVisit(name);
  else if (!focusVideo()) one("#close").focus();
}

function followVideo(time) {
  if (dock.hidden) return;
  showMoment(time);
  setSplitCommand(splitCommand(selectedVisit(), time));
}

/** Wires the dock to the selection, the video and the page's clicks. */
export function startDock() {
  onSelect((name, before) => {
    if (name !== null) show(name);
    else if (!dock.hidden) hide(before);
  });
  startVideo(followVideo);
  one("#close").addEventListener("click", () => selectVisit(null));
  one("#before").addEventListener("click", () => step(-1));
  one("#after").addEventListener("click", () => step(1));
  document.addEventListener("click", showClicked);
}
