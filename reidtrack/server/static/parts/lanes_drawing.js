// Drawing of the swim lanes: rows of people, bars of their visits, the axis and the moment that is played.

import { element } from "../../../report/js/dom.js";

/** Pixels: of a camera's line, between people, of the axis. */
export const LINE = 9;
export const PAD = 6;
export const AXIS = 22;
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 43200, 86400];

/** Draws what is in sight of a chart (lanes.js). */
export function drawLanes(chart) {
  const { canvas, view } = chart;
  const width = view.clientWidth;
  const height = Math.min(chart.height + AXIS + 2, Math.round(innerHeight * 0.6));
  const scale = devicePixelRatio || 1;
  chart.filler.style.height = `${Math.max(0, chart.height + AXIS + 2 - height)}px`;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const names = ["ink", "mute", "line", "panel", "link"];
  const ink = Object.fromEntries(names.map((name) => [name, resolveColour(canvas, `--${name}`)]));
  pen.font = `12px ${style.fontFamily}`;
  const times = ticks(chart);
  pen.fillStyle = ink.line;
  for (const time of times) pen.fillRect(chart.x(time), AXIS - 5, 1, height);
  pen.save();
  pen.beginPath();
  pen.rect(0, AXIS, width, height);
  pen.clip();
  drawRows(chart, pen, ink, height);
  pen.restore();
  drawAxis(chart, pen, ink, times);
  drawPlayhead(chart, pen, ink.link, height);
}

/** A colour of the style as the canvas takes it: `light-dark()` is none there. */
function resolveColour(place, name) {
  const probe = element("i");
  probe.style.color = `var(${name})`;
  place.parentElement.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function drawRows(chart, pen, ink, height) {
  const top = chart.view.scrollTop;
  const right = chart.canvas.clientWidth;
  for (const lane of chart.lanes) {
    const y = lane.y - top + AXIS;
    if (y > height || y + lane.height < AXIS) continue;
    pen.fillStyle = ink.line;
    pen.fillRect(0, y, right, 1);
    for (const bar of lane.bars) drawBar(chart, pen, ink.ink, bar);
    pen.fillStyle = ink.panel;
    pen.fillRect(0, y + 1, chart.gutter - 4, lane.height - 1);
    pen.fillStyle = ink.ink;
    pen.fillText(lane.name, 8, y + 15, chart.gutter - 16);
  }
}

function drawBar(chart, pen, ink, bar) {
  if (bar.to < chart.start || bar.from > chart.end) return;
  const chosen = bar === chart.bars[chart.chosen];
  const top = chart.view.scrollTop;
  const left = Math.max(chart.gutter - 4, chart.x(bar.from));
  const width = Math.max(3, chart.x(bar.to) - left);
  pen.fillStyle = bar.colour;
  pen.fillRect(left, bar.y - top + AXIS, width, LINE - 2);
  pen.strokeStyle = chosen ? ink : "#0005";
  pen.lineWidth = chosen ? 2 : 1;
  pen.strokeRect(left + 0.5, bar.y - top + AXIS + 0.5, width - 1, LINE - 3);
}

/** Times of the axis that are written down: round ones, as many as fit. */
function ticks(chart) {
  const most = Math.max(2, (chart.canvas.clientWidth - chart.gutter) / 90);
  const length = chart.end - chart.start;
  chart.step = STEPS.find((step) => length / step < most) || STEPS.at(-1);
  const first = Math.ceil((chart.start - chart.zero) / chart.step);
  const count = Math.max(0, Math.floor((chart.end - chart.zero) / chart.step) - first + 1);
  return Array.from({ length: count }, (_, index) => chart.zero + (first + index) * chart.step);
}

function drawAxis(chart, pen, ink, times) {
  const right = chart.canvas.clientWidth;
  pen.textAlign = "center";
  pen.fillStyle = ink.mute;
  for (const time of times) pen.fillText(chart.text(time, chart.step < 1 ? 1 : chart.coarse(chart.step)), Math.min(chart.x(time), right - 22), 13);
  pen.textAlign = "left";
}

function drawPlayhead(chart, pen, colour, height) {
  if (chart.now === null || chart.now < chart.start || chart.now > chart.end) return;
  pen.fillStyle = colour;
  pen.fillRect(chart.x(chart.now) - 1, AXIS - 6, 2, height);
}
