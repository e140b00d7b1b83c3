// A box that is drawn in a film: who is meant there is looked for. The film stands in its tile as large as fits.

import { button } from "./make.js";

const LEAST_SIDE = 8;

/** Where the pointer is in the film's own pixels; outside of it, on its edge. */
function pixelOf(event, tile, [width, height]) {
  const { left, top, width: wide, height: high } = tile.box.getBoundingClientRect();
  const fit = Math.min(wide / width, high / height);
  const within = (value, room, size) => Math.min(size, Math.max(0, (value - (room - size * fit) / 2) / fit));
  return [within(event.clientX - left, wide, width), within(event.clientY - top, high, height)];
}

/**
 * A button after which a box can be drawn in any of the films; Escape or a click ends it without one.
 *
 * @param {import("./player.js").Player} player
 * @param {(camera: string, time: number, box: number[]) => void} found
 */
export function boxDrawer(player, found) {
  const toggle = button("find somebody", () => arm(!armed));
  toggle.title = "Draw a box around somebody in a camera";
  toggle.setAttribute("aria-pressed", "false");
  let armed = false;

  const arm = (on) => {
    armed = on;
    if (on && player.playing) player.toggle();
    toggle.setAttribute("aria-pressed", String(on));
    player.films.classList.toggle("drawing", on);
  };

  const begin = (event) => {
    const tile = armed && player.shown.find((one) => one.box.contains(event.target));
    if (!tile) return;
    event.preventDefault();
    const size = tile.size ?? [tile.video.videoWidth, tile.video.videoHeight];
    const [x, y] = pixelOf(event, tile, size);
    tile.box.setPointerCapture(event.pointerId);
    const end = (ended) => {
      const [u, v] = pixelOf(ended, tile, size);
      const box = [Math.min(x, u), Math.min(y, v), Math.max(x, u), Math.max(y, v)];
      arm(false);
      if (box[2] - box[0] >= LEAST_SIDE && box[3] - box[1] >= LEAST_SIDE) found(tile.camera, tile.first + tile.video.currentTime, box);
    };
    tile.box.addEventListener("pointerup", end, { once: true });
  };
  player.films.addEventListener("pointerdown", begin);
  toggle.addEventListener("keydown", ({ key }) => key === "Escape" && arm(false));
  return toggle;
}
