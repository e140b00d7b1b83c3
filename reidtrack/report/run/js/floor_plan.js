// The floor plan: everybody's paths, or where everybody was at one moment. Runs without a plan have none of it.

import { all, one, svgElement } from "../../js/dom.js";
import { run } from "./data.js";
import { rowsOf } from "./people.js";
import { axis, momentText } from "./time_axis.js";

/** How long a trail people draw behind them. */
const TRAIL_S = 5;
/** Playing shows the whole run in this time, but never slower than it was. */
const PLAYING_S = 60;
const MOST_LETTERS = 16;

const plan = one("#plan");

/** @type {Walk[] | null} */
let walks = null;
/** The moment that is shown, seconds since the run's origin; null while all paths are. */
let moment = null;
/** The next frame of playing; null while nothing plays. */
let nextFrame = null;

/**
 * @typedef {object} Walk The path of one visit.
 * @property {[number, number][]} points In the drawing, evenly spaced in time.
 * @property {number} start Seconds since the run's origin.
 * @property {number} end
 * @property {number} step Seconds from point to point.
 * @property {SVGElement} group The person's paths.
 */

/** @returns {Walk} */
function readWalk(line) {
  const step = Number(plan.dataset.step);
  const start = Number(line.dataset.t);
  const points = line.getAttribute("points").split(" ").map((pair) => pair.split(",").map(Number));
  return { points, start, end: start + step * (points.length - 1), step, group: line.parentNode };
}

/** Where on its path a walk is at a time. */
function positionAt({ points, start, step }, time) {
  const index = Math.min(points.length - 1, Math.max(0, (time - start) / step));
  const low = Math.floor(index);
  const share = index - low;
  const [a, b] = [points[low], points[Math.min(low + 1, points.length - 1)]];
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
}

const isShown = ({ group }) => !group.classList.contains("none");
const isUnderway = ({ start, end, step }, time) => time >= start - step / 2 && time <= end + step / 2;

/** The path of the last seconds before a time, as SVG path data. */
function trailTo(walk, time) {
  const trail = [];
  for (let at = Math.max(walk.start, time - TRAIL_S); at < time; at += walk.step) trail.push(positionAt(walk, at));
  trail.push(positionAt(walk, time));
  return "M" + trail.map(([x, y]) => `${x.toFixed(0)},${y.toFixed(0)}`).join("L");
}

/** Trail, dot and name of a person at a time. */
function marksAt(walk, time) {
  const [x, y] = positionAt(walk, time);
  const style = `--c:${walk.group.style.getPropertyValue("--c")}`;
  const label = svgElement("text", { x: x + 11, y: y + 5 });
  const { id } = walk.group.dataset;
  const name = run.people[id].name || id;
  label.textContent = name.length > MOST_LETTERS ? `${name.slice(0, MOST_LETTERS - 1)}…` : name;
  const trail = svgElement("path", { d: trailTo(walk, time), style });
  return [trail, svgElement("circle", { cx: x, cy: y, r: 7, style }), label];
}

/** Shows where everybody was at a time of the run. */
export function movePeopleTo(time) {
  if (!plan) return;
  moment = time;
  walks ||= all("polyline", plan).map(readWalk);
  const here = walks.filter((walk) => isUnderway(walk, time) && isShown(walk));
  one(".now", plan).replaceChildren(...here.flatMap((walk) => marksAt(walk, time)));
  plan.classList.add("moment");
  one("#when").value = time;
  one("#whenText").textContent = momentText(time);
  one("#wholeWalks").disabled = false;
}

/** Shows all paths again. */
export function showAllPaths() {
  if (!plan) return;
  moment = null;
  plan.classList.remove("moment");
  one(".now", plan).replaceChildren();
  one("#whenText").textContent = "all paths";
  one("#wholeWalks").disabled = true;
  stopPlaying();
}

function stopPlaying() {
  cancelAnimationFrame(nextFrame);
  nextFrame = null;
  one("#run-walks").textContent = "▶";
}

function startPlaying() {
  const { first, last } = axis;
  const speed = Math.max(1, (last - first) / PLAYING_S);
  const began = performance.now();
  const from = moment === null || moment >= last ? first : moment;
  one("#run-walks").textContent = "❚❚";
  const draw = (now) => {
    const time = from + ((now - began) / 1000) * speed;
    movePeopleTo(Math.min(time, last));
    if (time < last) nextFrame = requestAnimationFrame(draw);
    else stopPlaying();
  };
  nextFrame = requestAnimationFrame(draw);
}

/** Wires slider and buttons; the pointer on a lane brings out the person's paths. */
export function startFloorPlan() {
  if (!plan) return;
  one("#when").addEventListener("input", (event) => {
    stopPlaying();
    movePeopleTo(Number(event.target.value));
  });
  one("#run-walks").addEventListener("click", () => (nextFrame === null ? startPlaying() : stopPlaying()));
  one("#wholeWalks").addEventListener("click", showAllPaths);
  const highlight = (on) => (event) => {
    const lane = event.target.closest(".lane");
    if (lane) rowsOf(Number(lane.dataset.id)).walk?.classList.toggle("hot", on);
  };
  one("#lanes")?.addEventListener("pointerover", highlight(true));
  one("#lanes")?.addEventListener("pointerout", highlight(false));
}
