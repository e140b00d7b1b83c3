// The time axis of the timeline: two CSS variables place every bar, so zooming sets these.

import { element, one } from "../../js/dom.js";
import { momentAt, run } from "./data.js";
import { people, showCount } from "./people.js";

const SHORTEST_SPAN_S = 0.2;
const MOST_TICKS = 9;
const DAY_S = 86400;
/** Spans below show tenths of a second where the pointer is. */
const FINE_SPAN_S = 600;
/** Shorter drags along the axis, as a share of it, are clicks. */
const SHORTEST_DRAG = 0.01;

export const chart = one("#chart");
export const grid = one(".grid");
const ticks = one(".ticks");
const steps = ticks.dataset.steps.split(" ").map(Number);

/** The run's first and last second, and the stretch of time that is shown. */
export const axis = {
  first: Number(chart.dataset.first),
  last: Number(chart.dataset.last),
  start: Number(chart.dataset.first),
  span: chart.dataset.last - chart.dataset.first,
};

const reading = element("output");
const brush = element("mark");
const cursor = element("s");
const playhead = element("u");

/** Text of a moment, as fine as what is shown. */
export const momentText = (time) => momentAt(time, axis.span < FINE_SPAN_S ? 1 : 0);

function tickStep() {
  const fits = (step) => axis.span / step < MOST_TICKS;
  return steps.find(fits) || Math.ceil(axis.span / DAY_S / MOST_TICKS) * DAY_S;
}

function decimalsOf(step) {
  if (run.clock && step >= 60) return -1;
  if (step >= 1) return 0;
  return step >= 0.1 ? 1 : 2;
}

function drawTicks() {
  const step = tickStep();
  const marks = [];
  const lines = [];
  const ahead = run.clock ? run.clock[0][1] : 0;
  const first = Math.ceil((axis.start + ahead) / step - 1e-9);
  for (let n = first; n * step - ahead <= axis.start + axis.span + 1e-9; n++) {
    const time = n * step - ahead;
    const mark = element("i", element("b", momentAt(time, decimalsOf(step))));
    const line = element("i");
    for (const made of [mark, line]) made.style.setProperty("--s", time);
    marks.push(mark);
    lines.push(line);
  }
  ticks.replaceChildren(...marks, reading, brush);
  grid.replaceChildren(...lines, cursor, playhead);
}

/** Lanes without a visit in the stretch of time that is shown step aside. */
function hideAbsentPeople() {
  const start = axis.start - 1e-6;
  const end = axis.start + axis.span + 1e-6;
  for (const person of people) {
    person.inSpan = person.visits.some(([from, to]) => from <= end && to >= start);
    person.lane.classList.toggle("away", !person.inSpan);
  }
  showCount();
}

/** Shows a stretch of time, as much of it as lies within the run. */
export function showSpan(start, span) {
  const whole = axis.last - axis.first;
  axis.span = Math.min(whole, Math.max(SHORTEST_SPAN_S, span));
  axis.start = Math.min(axis.last - axis.span, Math.max(axis.first, start));
  chart.style.setProperty("--t0", axis.start);
  chart.style.setProperty("--span", axis.span);
  drawTicks();
  hideAbsentPeople();
  one("#whole").disabled = one("#out").disabled = axis.span >= whole;
}

export const showWholeRun = () => showSpan(axis.first, axis.last - axis.first);

/** Shows `factor` times as much time, around a moment that stays where it is. */
export function zoom(factor, at = axis.start + axis.span / 2) {
  showSpan(at - (at - axis.start) * factor, axis.span * factor);
}

/** Marks a moment of the run in the timeline, while it is in sight. */
export function showPlayhead(time) {
  playhead.hidden = time < axis.start || time > axis.start + axis.span;
  playhead.style.setProperty("--s", time);
}

export function hidePlayhead() {
  playhead.hidden = true;
}

/** Where on the axis a pointer is, 0 to 1. */
function shareOf(event) {
  const box = grid.getBoundingClientRect();
  return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
}

function showReading(event, share) {
  const besides = event.clientX < grid.getBoundingClientRect().left;
  reading.hidden = cursor.hidden = event.pointerType === "touch" || besides;
  reading.style.left = cursor.style.left = `${share * 100}%`;
  reading.textContent = momentText(axis.start + share * axis.span);
}

function showBrush(from, to) {
  brush.hidden = false;
  brush.style.left = `${Math.min(from, to) * 100}%`;
  brush.style.width = `${Math.abs(to - from) * 100}%`;
}

function startDragging() {
  let dragStart = null;
  const stop = () => {
    dragStart = null;
    brush.hidden = true;
  };
  chart.addEventListener("pointermove", (event) => {
    const share = shareOf(event);
    showReading(event, share);
    if (dragStart !== null) showBrush(dragStart, share);
  });
  ticks.addEventListener("pointerdown", (event) => {
    dragStart = shareOf(event);
    ticks.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  ticks.addEventListener("pointerup", (event) => {
    const from = dragStart;
    const to = shareOf(event);
    stop();
    if (from === null || Math.abs(to - from) <= SHORTEST_DRAG) return;
    showSpan(axis.start + Math.min(from, to) * axis.span, Math.abs(to - from) * axis.span);
  });
  ticks.addEventListener("pointercancel", stop);
}

/** Wires buttons, pointer and wheel, and shows the whole run. */
export function startTimeAxis() {
  reading.hidden = brush.hidden = cursor.hidden = playhead.hidden = true;
  one("#in").addEventListener("click", () => zoom(0.5));
  one("#out").addEventListener("click", () => zoom(2));
  one("#whole").addEventListener("click", showWholeRun);
  startDragging();
  chart.addEventListener("pointerleave", () => {
    reading.hidden = cursor.hidden = true;
  });
  const zoomByWheel = (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(Math.exp(event.deltaY / 300), axis.start + shareOf(event) * axis.span);
  };
  chart.addEventListener("wheel", zoomByWheel, { passive: false });
  showWholeRun();
}
