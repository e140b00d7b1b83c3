// Swim lanes: a row for each person, a line in it for each camera that saw them, on one canvas that draws what is in
// sight only; a day of sixteen cameras takes no longer than a minute of one.

import { element } from "../../../report/js/dom.js";
import { formatTime } from "../../../report/js/format.js";
import { AXIS, LINE, PAD, drawLanes } from "./lanes_drawing.js";

const SHORTEST_S = 0.5;

/** Lays out people below each other; each bar learns its `y` and person's lane. */
function layOut(bars) {
  const people = new Map();
  for (const bar of bars) {
    if (!people.has(bar.identity)) people.set(bar.identity, { name: bar.name, cameras: new Set(), bars: [] });
    people.get(bar.identity).cameras.add(bar.camera);
    people.get(bar.identity).bars.push(bar);
  }
  let y = 0;
  const lanes = [];
  for (const person of people.values()) {
    const lines = [...person.cameras].toSorted((a, b) => a - b);
    const height = Math.max(LINE * 2, lines.length * LINE) + PAD;
    for (const bar of person.bars) bar.y = y + PAD / 2 + lines.indexOf(bar.camera) * LINE;
    lanes.push({ ...person, y, height, lines });
    y += height;
  }
  return { lanes, height: y };
}

export class Lanes {
  /**
   * @param {{identity: number, camera: number, from: number, to: number, colour: string, name: string}[]} bars
   * @param {string[]} cameras
   * @param {[number, number]} whole First and last second.
   * @param {(time: number, decimals: number) => string} [text] Moments as text.
   */
  constructor(bars, cameras, whole, text = formatTime) {
    this.text = text;
    /** The moment from which round times of the axis count. */
    this.zero = 0;
    /** Decimals of a second for steps of whole seconds; clocks leave seconds out of full minutes. */
    this.coarse = (step) => (text === formatTime || step < 60 ? 0 : -1);
    this.bars = bars;
    this.cameras = cameras;
    this.all = [whole[0], Math.max(whole[1], whole[0] + SHORTEST_S)];
    Object.assign(this, layOut(bars));
    this.chosen = -1;
    this.now = null;
    this.onPick = () => {};
    this.onOpen = () => {};
    this.canvas = element("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", `Timeline: ${this.lanes.length} people, ${bars.length} visits`);
    this.filler = element("div");
    this.view = element("div.view", this.canvas, this.filler);
    this.view.tabIndex = -1;
    this.told = element("output");
    this.told.setAttribute("aria-live", "polite");
    this.box = element("div.lanes", this.view, this.told);
    this.listen();
  }

  listen() {
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.view);
    this.view.addEventListener("scroll", () => this.draw(), { passive: true });
    this.canvas.addEventListener("pointermove", (event) => this.tell(this.barAt(event)));
    this.canvas.addEventListener("click", (event) => {
      const bar = this.barAt(event);
      if (bar) this.choose(this.bars.indexOf(bar), this.timeAt(event));
    });
    this.canvas.addEventListener("dblclick", (event) => {
      const bar = this.barAt(event);
      if (bar) this.onOpen(bar);
    });
    this.canvas.addEventListener("keydown", (event) => this.onKey(event));
    this.canvas.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.redraw = () => this.draw();
    this.scheme.addEventListener("change", this.redraw);
    document.addEventListener("click", this.redraw);
  }

  stop() {
    this.observer.disconnect();
    this.scheme.removeEventListener("change", this.redraw);
    document.removeEventListener("click", this.redraw);
  }

  onKey(event) {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" && this.chosen >= 0) this.onOpen(this.bars[this.chosen]);
    if (!by || !this.bars.length) return;
    event.preventDefault();
    const next = Math.min(this.bars.length - 1, Math.max(0, this.chosen + by));
    this.choose(next, this.bars[next].from);
  }

  onWheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    this.zoom(Math.exp(event.deltaY / 300), this.timeAt(event));
  }

  choose(index, time) {
    this.chosen = index;
    const bar = this.bars[index];
    const top = this.view.scrollTop;
    if (bar.y < top || bar.y + AXIS + LINE > top + this.view.clientHeight) this.view.scrollTop = bar.y - AXIS;
    this.tell(bar);
    this.draw();
    this.onPick(bar, Math.max(bar.from, Math.min(bar.to, time)));
  }

  tell(bar) {
    this.told.textContent = bar ? `${bar.name}, ${this.cameras[bar.camera]}, ${this.text(bar.from, 1)}–${this.text(bar.to, 1)}` : "";
  }

  whole() {
    [this.start, this.end] = this.all;
    this.draw();
  }

  zoom(factor, at = (this.start + this.end) / 2) {
    const [first, last] = this.all;
    const length = Math.min(last - first, Math.max(SHORTEST_S, (this.end - this.start) * factor));
    const start = at - ((at - this.start) / (this.end - this.start)) * length;
    this.start = Math.min(last - length, Math.max(first, start));
    this.end = this.start + length;
    this.draw();
  }

  playhead(time) {
    this.now = time;
    this.draw();
  }

  get gutter() {
    return Math.min(150, this.canvas.clientWidth * 0.28);
  }

  x(time) {
    const width = this.canvas.clientWidth - this.gutter - 8;
    return this.gutter + ((time - this.start) / (this.end - this.start)) * width;
  }

  timeAt(event) {
    const width = this.canvas.clientWidth - this.gutter - 8;
    return this.start + ((event.offsetX - this.gutter) / width) * (this.end - this.start);
  }

  barAt(event) {
    const y = event.offsetY - AXIS + this.view.scrollTop;
    const near = 2 * ((this.end - this.start) / Math.max(1, this.canvas.clientWidth));
    const time = this.timeAt(event);
    return this.bars.find((b) => y >= b.y && y < b.y + LINE && time >= b.from - near && time <= b.to + near);
  }

  /** Draws once for all that asks for it before the next picture. */
  draw() {
    if (this.waiting || this.start === undefined) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      drawLanes(this);
    });
  }
}
