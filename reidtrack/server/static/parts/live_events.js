// What happens live, in words.

import { element } from "../../../report/js/dom.js";

const MOST_SHOWN = 60;
/** Kinds that come all the time, and are seen in the tiles. */
const QUIET = new Set(["tracklet_started", "tracklet_ended", "stream_restarted"]);

/** Kind of event to what is said of it. */
const WORDS = {
  started: (e) => `begun: ${e.cameras.join(", ")}`,
  stopped: (e) => `ended: ${e.reason}`,
  camera_up: (e) => `${e.camera} is up${e.after_s ? ` again, after ${e.after_s.toFixed(0)} s` : ""}`,
  camera_down: (e) => `${e.camera} is down: ${e.detail}`,
  camera_retry: (e) => `${e.camera}: ${e.detail}`,
  stream_changed: (e) => `${e.camera} sends ${e.width}×${e.height} ${e.codec} now`,
  gap: (e) => `${e.camera}: ${(e.until_s - e.from_s).toFixed(1)} s without a picture`,
  identity: (e, name) => `${name(e.identity)} in ${e.camera}`,
  merge: (e, name) => `${e.from} and ${e.into} are one: ${name(e.into)}`,
  split: (e, name) => `${name(e.into)} is somebody else than ${name(e.from)}`,
  zone_entered: (e, name) => `${name(e.identity)} is in ${e.zone}`,
  zone_left: (e, name) => `${name(e.identity)} has left ${e.zone}`,
  line_crossed: (e, name) => `${name(e.identity)} crossed ${e.line}, ${e.direction}`,
  hour: (e) => `${e.place}: ${e.people} people in an hour`,
  notice: (e) => e.text,
};

export class LiveEvents {
  /** @param {(identity: number) => string} name What a person is called. */
  constructor(name) {
    this.name = name;
    this.last = new Map();
    this.list = element("ol.events");
    this.list.tabIndex = 0;
    this.list.setAttribute("aria-label", "Events, the newest first");
  }

  /** Shows an event; that somebody is where they were last said to be is not said again. */
  add(event) {
    if (QUIET.has(event.event)) return;
    if (event.event === "identity") {
      const said = `${event.camera} ${event.track_id}`;
      if (this.last.get(said) === event.identity) return;
      this.last.set(said, event.identity);
      if (this.last.size > 1000) this.last.delete(this.last.keys().next().value);
    }
    const time = element("time", new Date(event.time).toLocaleTimeString());
    time.dateTime = event.time;
    const line = element("li", time, " ", WORDS[event.event]?.(event, this.name) ?? event.event);
    if (event.event === "camera_down") line.classList.add("wrong");
    this.list.prepend(line);
    while (this.list.children.length > MOST_SHOWN) this.list.lastChild.remove();
  }
}
