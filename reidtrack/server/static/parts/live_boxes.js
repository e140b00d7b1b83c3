// Boxes and numbers over a live camera, by the time of the very picture that is shown.

import { element } from "../../../report/js/dom.js";

/** Boxes are kept so long, seconds; shown without newer ones, so long after their own picture. */
const KEPT_S = 12;
const HOLD_S = 0.3;
const SAME_S = 0.005;
/** Between pictures that are farther apart, boxes are not moved. */
const MOST_STEP_S = 1;

export class LiveBoxes {
  /**
   * @param {string} camera
   * @param {{names: import("./live_names.js").LiveNames, chosen: number | null}} page
   */
  constructor(camera, page) {
    Object.assign(this, { camera, page, frames: new Map(), drawn: [], size: [16, 9], latest: -Infinity });
    this.canvas = element("canvas.boxes");
    this.canvas.setAttribute("aria-hidden", "true");
  }

  /**
   * Takes boxes of a picture: [track, who, left, top, right, bottom]; of one picture some may come later.
   *
   * @param {{time_s: number, size: [number, number], boxes: any[]}} told
   * @returns {boolean} Whether they are of the newest picture.
   */
  take(told) {
    this.size = told.size;
    const known = this.frames.get(told.time_s);
    this.frames.set(told.time_s, known ? [...known, ...told.boxes] : told.boxes);
    for (const time of this.frames.keys()) if (time < told.time_s - KEPT_S) this.frames.delete(time);
    const isNew = told.time_s > this.latest;
    this.latest = Math.max(this.latest, told.time_s);
    return isNew;
  }

  /** Boxes of a moment: [who, left, top, right, bottom], between those of the pictures before and after it. */
  of(time) {
    let before = -Infinity;
    let after = Infinity;
    for (const at of this.frames.keys()) {
      if (at <= time + SAME_S) before = Math.max(before, at);
      else after = Math.min(after, at);
    }
    const near = after - before < MOST_STEP_S;
    if (!near && time - before > HOLD_S) return [];
    const share = near ? Math.max(0, (time - before) / (after - before)) : 0;
    const later = new Map((near ? this.frames.get(after) : []).map((box) => [box[0], box]));
    return this.frames.get(before).map((box) => this.between(box, later.get(box[0]) || box, share));
  }

  between(box, next, share) {
    const moved = box.map((value, n) => value + share * (next[n] - value)).slice(1);
    moved[0] = this.page.names.who(this.camera, box[0], box[1]);
    return moved;
  }

  draw(time) {
    this.drawn = this.of(time);
    const { canvas } = this;
    const scale = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d");
    const fit = Math.min(width / this.size[0], height / this.size[1]);
    // The picture stands in the middle of its tile, as large as fits.
    this.frame = { fit, left: (width - this.size[0] * fit) / 2, top: (height - this.size[1] * fit) / 2 };
    pen.scale(scale, scale);
    pen.translate(this.frame.left, this.frame.top);
    for (const box of this.drawn) this.drawBox(pen, box, fit);
  }

  drawBox(pen, [identity, ...xyxy], fit) {
    const [left, top, right, bottom] = xyxy.map((value) => value * fit);
    const text = identity === null ? "?" : this.page.names.name(identity).replace(/^person /, "");
    const chosen = identity !== null && identity === this.page.chosen;
    pen.strokeStyle = this.page.names.colour(identity);
    pen.lineWidth = chosen ? 4 : 2;
    pen.strokeRect(left, top, right - left, bottom - top);
    pen.font = "600 12px system-ui, sans-serif";
    pen.fillStyle = pen.strokeStyle;
    pen.fillRect(left - 1, top - 15, pen.measureText(text).width + 8, 15);
    pen.fillStyle = "#000";
    pen.fillText(text, left + 3, top - 3.5);
  }

  /** Who is at a place of the window, of several the smallest; null for nobody who is known. */
  at(clientX, clientY) {
    if (!this.frame) return null;
    const area = this.canvas.getBoundingClientRect();
    const x = (clientX - area.left - this.frame.left) / this.frame.fit;
    const y = (clientY - area.top - this.frame.top) / this.frame.fit;
    const size = ([, left, top, right, bottom]) => (right - left) * (bottom - top);
    const hit = this.drawn.filter(([who, left, top, right, bottom]) => who !== null && x >= left && x <= right && y >= top && y <= bottom);
    const [smallest] = hit.toSorted((one, other) => size(one) - size(other));
    return smallest ? smallest[0] : null;
  }
}
