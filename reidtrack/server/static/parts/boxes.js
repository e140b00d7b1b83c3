// Boxes and numbers over the original film, by the time of the very picture that is shown.

import { element } from "../../../report/js/dom.js";
import { all, path } from "../api.js";

/** Boxes are fetched in stretches of this many seconds; this many stretches are kept. */
const STRETCH_S = 4;
const MOST_KEPT = 40;
/** A box is shown until the next frame, or this long, seconds. */
const HOLD_S = 0.25;

export class Boxes {
  /** @param {string} run @param {Record<string, {colour: string, name: string}>} people */
  constructor(run, people) {
    this.run = run;
    this.people = people;
    this.kept = new Map();
    this.tiles = [];
  }

  /** Draws over a tile from now on; `size` is that of the pictures in which the boxes were found. */
  over(tile, size) {
    const canvas = element("canvas");
    canvas.setAttribute("aria-hidden", "true");
    tile.box.append(canvas);
    const drawn = { tile, size, canvas, stopped: false };
    this.tiles.push(drawn);
    const onFrame = (_, { mediaTime }) => {
      if (drawn.stopped) return;
      this.draw(drawn, mediaTime + tile.first);
      tile.video.requestVideoFrameCallback(onFrame);
    };
    if (tile.video.requestVideoFrameCallback) tile.video.requestVideoFrameCallback(onFrame);
    else tile.video.addEventListener("timeupdate", () => this.draw(drawn, tile.video.currentTime + tile.first));
  }

  stop() {
    for (const drawn of this.tiles) drawn.stopped = true;
  }

  /** Boxes of a stretch by camera and time; undefined until they have come. */
  stretch(number) {
    if (!this.kept.has(number)) {
      this.kept.set(number, null);
      this.fetch(number);
      if (this.kept.size > MOST_KEPT) this.kept.delete(this.kept.keys().next().value);
    }
    return this.kept.get(number);
  }

  async fetch(number) {
    const from_s = number * STRETCH_S - HOLD_S;
    const parameters = { from_s, until_s: (number + 1) * STRETCH_S, limit: 1000 };
    const { items } = await all(path("runs", this.run, "sightings"), parameters).catch(() => ({ items: [] }));
    const found = new Map();
    for (const box of items) {
      if (!found.has(box.camera)) found.set(box.camera, []);
      found.get(box.camera).push(box);
    }
    this.kept.set(number, found);
    for (const drawn of this.tiles) if (!drawn.stopped) this.draw(drawn, drawn.tile.video.currentTime + drawn.tile.first);
  }

  draw({ tile, size, canvas }, time) {
    const boxes = this.stretch(Math.max(0, Math.floor(time / STRETCH_S)))?.get(tile.camera) || [];
    this.stretch(Math.max(0, Math.floor(time / STRETCH_S)) + 1);
    const scale = devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d");
    // The film stands in the middle of its tile, as large as fits.
    const fit = Math.min(width / size[0], height / size[1]) * scale;
    pen.translate((width * scale - size[0] * fit) / 2, (height * scale - size[1] * fit) / 2);
    for (const box of newest(boxes, time)) this.drawBox(pen, box, fit, scale);
  }

  drawBox(pen, box, fit, scale) {
    const [left, top, right, bottom] = box.xyxy.map((value) => value * fit);
    const person = this.people[box.identity] || { colour: "#aaaaaa", name: String(box.identity) };
    const text = person.name.replace(/^person /, "");
    pen.strokeStyle = person.colour;
    pen.lineWidth = 2 * scale;
    pen.strokeRect(left, top, right - left, bottom - top);
    pen.font = `600 ${12 * scale}px system-ui, sans-serif`;
    pen.fillStyle = person.colour;
    pen.fillRect(left - scale, top - 15 * scale, pen.measureText(text).width + 8 * scale, 15 * scale);
    pen.fillStyle = "#000";
    pen.fillText(text, left + 3 * scale, top - 3.5 * scale);
  }
}

/** Boxes of the last frame at or before a time. */
function newest(boxes, time) {
  let latest = -Infinity;
  for (const { time_s } of boxes) if (time_s <= time + 1e-3 && time_s > latest) latest = time_s;
  return time - latest > HOLD_S ? [] : boxes.filter(({ time_s }) => time_s === latest);
}
