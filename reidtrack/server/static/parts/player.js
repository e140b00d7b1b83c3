// The cameras of a run playing together: one clock, that of the run; each film is kept to it by its own stamps.

import { element } from "../../../report/js/dom.js";
import { address, path } from "../api.js";
import { Boxes } from "./boxes.js";

/** A film that is farther from the clock than this is set anew, seconds. */
const DRIFT_S = 0.15;
const CHECK_MS = 200;
const USUAL_FPS = 25;

function makeTile(run, camera, boxes) {
  const film = camera.films[0];
  const tile = { size: camera.size, camera: camera.camera, fps: camera.nominal_fps || USUAL_FPS, first: 0, last: camera.last_time_s, film };
  tile.box = element("figure", element("figcaption", camera.camera));
  if (!film) {
    tile.box.append(element("p", "No film of this camera is at hand."));
    return tile;
  }
  tile.first = film.first_time_s;
  tile.video = element("video");
  tile.video.muted = true;
  tile.video.playsInline = true;
  tile.video.preload = "auto";
  tile.video.src = address(path("runs", run.id, "cameras", camera.camera, "video"), { kind: film.kind });
  tile.video.setAttribute("aria-label", `Camera ${camera.camera}`);
  tile.box.append(tile.video);
  tile.video.addEventListener("error", () => tile.video.replaceWith(element("p", "This browser cannot play the film.")));
  if (film.kind === "original") boxes.over(tile, camera.size);
  return tile;
}

export class Player {
  /**
   * @param {any} run As the server tells of it.
   * @param {Record<string, {colour: string, name: string}>} people
   */
  constructor(run, people) {
    this.boxes = new Boxes(run.id, people);
    this.tiles = run.detail.map((camera) => makeTile(run, camera, this.boxes));
    this.films = element("div.films", ...this.tiles.map((tile) => tile.box));
    this.last = run.last_time_s ?? 0;
    this.time = run.first_time_s ?? 0;
    this.playing = false;
    this.onTime = () => {};
    this.onState = () => {};
    this.check = setInterval(() => this.keepTime(), CHECK_MS);
  }

  get shown() {
    return this.tiles.filter((tile) => tile.video);
  }

  /** Goes to a moment of the run; the camera named is brought into sight. */
  seek(time, camera) {
    this.time = time;
    this.began = performance.now();
    this.from = time;
    for (const tile of this.shown) tile.video.currentTime = Math.max(0, time - tile.first);
    if (camera) this.tiles.find((tile) => tile.camera === camera)?.box.scrollIntoView({ block: "nearest" });
    this.onTime(time);
  }

  toggle() {
    this.playing = !this.playing;
    if (this.playing && this.time >= this.last) this.time = 0;
    this.seek(this.time);
    for (const tile of this.shown) if (!this.playing) tile.video.pause();
    this.onState(this.playing);
    this.keepTime();
  }

  step(frames) {
    if (this.playing) this.toggle();
    const fps = Math.max(...this.tiles.map((tile) => tile.fps), 1);
    this.seek(Math.max(0, this.time + frames / fps));
  }

  /** Brings films that have come away from the clock back to it, and starts and stops them at their ends. */
  keepTime() {
    if (!this.playing) return;
    this.time = this.from + (performance.now() - this.began) / 1000;
    if (this.time > this.last) {
      this.time = this.last;
      this.toggle();
    }
    for (const tile of this.shown) this.keepFilm(tile);
    this.onTime(this.time);
  }

  keepFilm({ video, first }) {
    const wanted = this.time - first;
    if (wanted < 0 || (video.duration && wanted >= video.duration)) {
      video.pause();
      return;
    }
    if (Math.abs(video.currentTime - wanted) > DRIFT_S) video.currentTime = wanted;
    if (video.paused && this.playing) video.play().catch(() => {});
  }

  stop() {
    clearInterval(this.check);
    this.playing = false;
    this.boxes.stop();
    for (const { video } of this.shown) {
      video.pause();
      video.removeAttribute("src");
      video.load();
    }
  }
}
