// The plan: where a person walked, a line for each visit in the order of time, and where they were at a moment.

import { element, svgElement } from "../../../report/js/dom.js";
import { formatTime } from "../../../report/js/format.js";
import { input, link, moment, span } from "./make.js";

const WIDTH = 1000;
const ROOM = 0.06;
const STEPS = 1000;

/** What takes points of the plan into the drawing, and the drawing's height. */
function frameOf({ tracklets, up }) {
  const points = tracklets.flatMap((one) => one.points);
  const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const room = ROOM * Math.max(right - left, high - low, 1e-6);
  const scale = WIDTH / (right - left + 2 * room);
  const height = Math.min(2 * WIDTH, Math.max(WIDTH / 5, (high - low + 2 * room) * scale));
  const place = ([x, y]) => [(x - left + room) * scale, (up ? high + room - y : y - low + room) * scale];
  return { place, height, scale };
}

/** A bar of a round length in the plan's unit. */
function scaleBar({ height, scale }, unit) {
  const goal = (0.25 * WIDTH) / scale;
  const power = 10 ** Math.floor(Math.log10(goal));
  const length = [5, 2, 1].map((step) => step * power).find((one) => one <= goal) ?? power;
  const bar = svgElement("path", { d: `M16 ${height - 22}v6h${length * scale}v-6`, class: "bar" });
  const text = svgElement("text", { x: 22, y: height - 26 });
  text.textContent = `${length} ${unit ?? "units of the plan"}`;
  return [bar, text];
}

function walk(run, tracklet, number, place) {
  const points = tracklet.points.map((point) => place(point).map((value) => value.toFixed(1)));
  const line = svgElement("polyline", { points: points.map((point) => point.join(",")).join(" ") });
  const begin = svgElement("circle", { cx: points[0][0], cy: points[0][1], r: 7 });
  const text = svgElement("text", { x: Number(points[0][0]) + 10, y: Number(points[0][1]) - 8 });
  text.textContent = String(number);
  const title = svgElement("title", {});
  title.textContent = `${number}: ${tracklet.camera}, ${span(tracklet.first_time_s, tracklet.last_time_s)}`;
  const group = svgElement("a", { href: moment(run, tracklet.first_time_s, tracklet.camera) });
  group.append(title, line, begin, text);
  return group;
}

/** Where a visit was at a moment, in the drawing; null before and after it. */
function at(tracklet, step, time, place) {
  const steps = (time - tracklet.first_time_s) / step;
  if (steps < 0 || time > tracklet.last_time_s) return null;
  const index = Math.min(Math.floor(steps), tracklet.points.length - 1);
  const [one, next] = [tracklet.points[index], tracklet.points[Math.min(index + 1, tracklet.points.length - 1)]];
  const share = Math.min(1, steps - index);
  return place([0, 1].map((axis) => one[axis] + share * (next[axis] - one[axis])));
}

function clock(plan, place, now) {
  const first = Math.min(...plan.tracklets.map((one) => one.first_time_s));
  const last = Math.max(...plan.tracklets.map((one) => one.last_time_s));
  const slider = input("range", { min: "0", max: String(STEPS), value: "0" });
  slider.setAttribute("aria-label", "Moment on the plan");
  const told = element("output");
  const show = () => {
    const time = first + ((last - first) * Number(slider.value)) / STEPS;
    const dots = plan.tracklets.map((one) => at(one, plan.step_s, time, place)).filter(Boolean);
    now.replaceChildren(...dots.map(([cx, cy]) => svgElement("circle", { cx, cy, r: 13 })));
    told.textContent = `${formatTime(time, 1)}${dots.length ? "" : ", not in sight"}`;
  };
  slider.addEventListener("input", show);
  show();
  return element("div.row", slider, told);
}

/**
 * The plan of a person; what is said in its place where there is none.
 *
 * @param {string} run
 * @param {any} plan As the server tells of it, or null.
 * @param {string} colour
 */
export function planOf(run, plan, colour) {
  if (!plan) return element("p.hint", "No plan is known of this run: reidtrack run --site says where cameras stand.");
  const frame = frameOf(plan);
  const drawing = svgElement("svg", { viewBox: `0 0 ${WIDTH} ${frame.height.toFixed(0)}`, role: "group", "aria-label": "Path on the plan", class: "plan" });
  drawing.style.setProperty("--c", colour);
  const now = svgElement("g", { class: "now" });
  drawing.append(...plan.tracklets.map((one, n) => walk(run, one, n + 1, frame.place)), now, ...scaleBar(frame, plan.unit));
  const list = element("ol.visited", ...plan.tracklets.map((one) => element("li", link(moment(run, one.first_time_s, one.camera), `${one.camera}, ${span(one.first_time_s, one.last_time_s)}`))));
  const part = plan.whole ? null : element("p.hint", "The first part of a long stay: later visits are left out.");
  return element("div.planned", element("div", drawing, clock(plan, frame.place, now)), element("div", list, part));
}
