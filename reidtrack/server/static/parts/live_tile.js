// A live camera: its film or its single pictures, with the boxes of the very picture that is shown.

import { element } from "../../../report/js/dom.js";
import { LiveBoxes } from "./live_boxes.js";
import { LiveFilm, isPlayed } from "./live_film.js";
import { button } from "./make.js";

/** Boxes that are later than this are not waited for, seconds. */
const MOST_LAG_S = 12;
/** How far a film is held back so that its boxes are there in time, seconds. */
const LEAST_S = 0.1;
const MOST_S = 2.5;
const MARGIN_S = 0.12;
const CHECK_MS = 200;
/** A film that breaks so often is shown as single pictures. */
const MOST_FAILS = 3;

export class LiveTile {
  /**
   * @param {string} camera
   * @param {{pick: (identity: number) => void, names: import("./live_names.js").LiveNames, chosen: number | null, now: () => number, anew: () => void}} page
   */
  constructor(camera, page) {
    Object.assign(this, { camera, page, mime: null, lag: 0, newest: 0, shown: null });
    this.video = element("video");
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.setAttribute("aria-label", `Camera ${camera}, live`);
    this.picture = element("canvas.picture");
    this.picture.setAttribute("role", "img");
    this.picture.setAttribute("aria-label", `Camera ${camera}, live`);
    this.boxes = new LiveBoxes(camera, page);
    this.title = element("figcaption", element("b", camera));
    this.about = element("span");
    this.title.append(this.about);
    this.large = button("⤢", () => this.enlarge());
    this.large.setAttribute("aria-label", `Camera ${camera} large`);
    this.large.setAttribute("aria-pressed", "false");
    this.none = element("p", "No picture yet.");
    this.box = element("figure", this.video, this.picture, this.boxes.canvas, this.title, this.large, this.none);
    this.box.addEventListener("click", (event) => this.click(event));
    this.fails = 0;
    this.film = new LiveFilm(this.video, () => {
      this.fails += 1;
      page.anew(this);
    });
    this.onFrame = this.onFrame.bind(this);
    this.check = setInterval(() => this.keepUp(), CHECK_MS);
    this.show(null);
    this.wait();
  }

  /** How its pictures are wanted here. */
  get kind() {
    return isPlayed(this.mime) && this.fails < MOST_FAILS ? "film" : "jpeg";
  }

  show(kind) {
    this.video.hidden = kind !== "film";
    this.picture.hidden = kind !== "jpeg";
    this.none.hidden = kind !== null;
    if (kind === "jpeg") this.film.stop();
  }

  enlarge(large = !this.box.classList.contains("large")) {
    this.box.classList.toggle("large", large);
    this.large.setAttribute("aria-pressed", String(large));
  }

  /** @param {any} state Of the camera, as the server tells it. */
  tell(state) {
    this.mime = state.mime;
    this.state = state.state;
    this.down = state.state === "down" ? ` ${state.reason || "down"}` : "";
    if (state.state !== "up") this.none.textContent = state.state === "down" ? `No picture: ${state.reason}.` : "Starting…";
    if (state.state === "down") this.show(null);
  }

  /** @param {import("./live_socket.js").Piece} piece */
  async take(piece) {
    if (piece.kind === "jpeg") {
      const bitmap = await createImageBitmap(new Blob([piece.data], { type: "image/jpeg" })).catch(() => null);
      if (!bitmap) return;
      this.picture.width = bitmap.width;
      this.picture.height = bitmap.height;
      this.picture.getContext("2d").drawImage(bitmap, 0, 0);
      bitmap.close();
      this.show("jpeg");
      this.draw(piece.time_s);
      return;
    }
    if (piece.kind === "beginning") this.film.begin(this.mime, piece.start_s, piece.data);
    else this.film.add(piece.data);
    if (piece.time_s) this.newest = Math.max(this.newest, piece.time_s);
    if (this.video.hidden && this.state !== "down") this.show("film");
  }

  /** @param {{time_s: number, size: [number, number], boxes: any[]}} told Boxes of a picture; of one, perhaps twice. */
  tellBoxes(told) {
    if (!this.boxes.take(told)) return;
    const lag = this.newest - told.time_s;
    // The film waits for its boxes: at once for longer, back slowly.
    if (this.newest && lag < MOST_LAG_S) this.lag = lag > this.lag ? lag : 0.98 * this.lag + 0.02 * lag;
    this.film.target = Math.min(MOST_S, Math.max(LEAST_S, this.lag + MARGIN_S));
  }

  wait() {
    if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(this.onFrame);
    else this.timer = requestAnimationFrame(() => this.onFrame(0, { mediaTime: this.video.currentTime }));
  }

  onFrame(_, { mediaTime }) {
    if (this.stopped) return;
    if (!this.video.hidden) this.draw(this.film.base + mediaTime);
    this.wait();
  }

  keepUp() {
    this.film.keepUp();
    const late = this.shown === null ? null : this.page.now() - this.shown;
    const words = late === null || this.state !== "up" ? this.down || "" : ` ${late.toFixed(1)} s ago`;
    if (this.about.textContent !== words) this.about.textContent = words;
  }

  /** Draws the boxes of the picture of a moment. */
  draw(time) {
    this.shown = time;
    this.box.dataset.shown = time.toFixed(3);
    this.box.dataset.wall = String(Date.now());
    this.boxes.draw(time);
  }

  /** A click on somebody's box opens them. */
  click(event) {
    const who = event.target.closest("button") ? null : this.boxes.at(event.clientX, event.clientY);
    if (who !== null) this.page.pick(who);
  }

  stop() {
    this.stopped = true;
    clearInterval(this.check);
    cancelAnimationFrame(this.timer);
    this.film.stop();
  }
}
