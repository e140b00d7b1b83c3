// Live: every camera with boxes and numbers as it happens, how the cameras are, who is there, what happens.

import { element } from "../../../report/js/dom.js";
import { get } from "../api.js";
import { LiveCameraTable } from "../parts/live_cameras.js";
import { LiveEvents } from "../parts/live_events.js";
import { LiveNames } from "../parts/live_names.js";
import { LivePerson } from "../parts/live_person.js";
import { LiveSocket } from "../parts/live_socket.js";
import { LiveTile } from "../parts/live_tile.js";
import { button, isTyping, terms } from "../parts/make.js";

const WORDS = {
  starting: "The cameras are being started…",
  running: "",
  stopped: "The cameras are not watched at the moment.",
  failed: "The cameras cannot be watched at the moment.",
};

class LivePage {
  constructor(app, state) {
    this.app = app;
    this.names = new LiveNames(state.palette);
    this.tiles = new Map();
    this.chosen = null;
    this.ahead = null;
    this.events = new LiveEvents(this.names.name);
    this.person = new LivePerson({
      name: this.names.name,
      colour: this.names.colour,
      clock: (time) => new Date(this.origin + 1000 * time).toLocaleTimeString(),
      now: () => this.now(),
      closed: () => (this.chosen = null),
    });
    this.health = new LiveCameraTable(app);
    this.told = element("p.hint");
    this.told.setAttribute("role", "status");
    this.facts = element("div");
    this.films = element("div.films.live");
    this.people = element("ul.here");
    this.state(state);
    this.health.refresh();
    this.socket = new LiveSocket({
      media: (piece) => this.tiles.get(piece.camera)?.take(piece),
      boxes: (boxes) => this.tiles.get(boxes.camera)?.tellBoxes(boxes),
      event: (event) => this.event(event),
      state: (told) => this.state(told),
      open: (is) => this.open(is),
    });
    this.want();
  }

  /** Seconds of the run now, by the server's clock, as near as messages tell. */
  now() {
    return performance.now() / 1000 + this.ahead;
  }

  event(event) {
    this.names.take(event);
    this.events.add(event);
  }

  open(is) {
    this.lost = !is;
    this.told.textContent = is ? WORDS[this.is] : "The connection is lost; it is tried again.";
    if (is) this.ahead = null;
  }

  state(told) {
    this.is = told.state;
    this.origin = Date.parse(told.origin_utc);
    const ahead = told.now_s - performance.now() / 1000;
    // A message that took longest says the least: of late ones, the one that was quickest counts.
    this.ahead = this.ahead === null || Math.abs(ahead - this.ahead) > 5 ? ahead : Math.max(ahead, this.ahead - 0.001);
    if (!this.lost) this.told.textContent = told.why ? `${WORDS[told.state]} ${told.why}` : WORDS[told.state];
    this.draw(told);
    this.health.tell(told.cameras);
    this.here(told.people);
    this.want();
  }

  draw(told) {
    const cameras = Object.entries(told.cameras);
    const up = cameras.filter(([, { state }]) => state === "up").length;
    const facts = terms("dl.facts", [
      ["people now", told.people_now],
      ["people in all", told.people_total],
      ["cameras up", `${up} of ${cameras.length}`],
    ]);
    this.facts.replaceChildren(facts);
    for (const name of [...this.tiles.keys()].filter((known) => !(known in told.cameras))) {
      this.tiles.get(name).stop();
      this.tiles.get(name).box.remove();
      this.tiles.delete(name);
    }
    for (const [name, state] of cameras) {
      if (!this.tiles.has(name)) {
        this.tiles.set(name, new LiveTile(name, this));
        this.films.append(this.tiles.get(name).box);
      }
      this.tiles.get(name).tell(state);
    }
  }

  /** Who is there: a button each, kept where it is so that it can be gone to by keyboard. */
  here(people) {
    const lines = new Map([...this.people.children].map((line) => [Number(line.dataset.identity), line]));
    for (const person of people) {
      this.names.learn(person);
      let line = lines.get(person.identity);
      lines.delete(person.identity);
      if (!line) {
        line = element("li", button("", () => this.pick(person.identity)));
        line.dataset.identity = String(person.identity);
        line.style.setProperty("--c", this.names.colour(person.identity));
        this.people.append(line);
      }
      const where = [...new Set(person.at.map(({ camera }) => camera))].join(", ");
      const text = `${this.names.name(person.identity)}: ${where}`;
      if (line.firstChild.textContent !== text) line.firstChild.textContent = text;
      if (line.dataset.where !== where && this.chosen === person.identity) this.person.open(person.identity, false);
      line.dataset.where = where;
    }
    for (const line of lines.values()) line.remove();
    this.people.parentElement?.classList.toggle("empty", !people.length);
  }

  pick(identity) {
    this.chosen = identity;
    this.person.open(identity);
  }

  /** Asks for each camera's film where it can be played; for nothing while the page is not to be seen. */
  want() {
    const wanted = {};
    if (!document.hidden) for (const [name, tile] of this.tiles) wanted[name] = tile.kind;
    this.socket?.want(wanted);
  }

  /** Has a film begin anew. */
  anew(tile) {
    this.socket?.want({ ...this.socket.wanted, [tile.camera]: "none" });
    this.want();
  }

  key(event) {
    if (isTyping(event)) return;
    const tiles = [...this.tiles.values()];
    if (event.key === "Escape") {
      for (const tile of tiles) tile.enlarge(false);
      if (this.chosen !== null) this.person.close();
    } else if (tiles[Number(event.key) - 1]) {
      tiles[Number(event.key) - 1].enlarge();
    }
  }

  stop() {
    this.socket.close();
    for (const tile of this.tiles.values()) tile.stop();
  }
}

/** @type {import("../router.js").Page["show"]} */
async function show(place, _, app) {
  const state = await get("/live").catch((error) => {
    if (error.status === 404) return null;
    throw error;
  });
  if (!state) {
    const how = element("code", "reidtrack serve runs --live cameras.yaml");
    place.append(element("h1", "Live"), element("p", "No cameras are watched here, or none that are for you to see: ", how));
    return undefined;
  }
  const page = new LivePage(app, state);
  const hint = element("p.hint", "A click on somebody, or on a name, says where they are and were. ");
  hint.append(element("kbd", "1"), "–", element("kbd", "9"), " makes a camera large, ", element("kbd", "Esc"), " all alike.");
  const here = element("section.panel", element("h2", "Here now"), page.people);
  const happens = element("section.panel", element("h2", "Events"), page.events.list);
  const side = element("div.side", page.person.box, here, happens);
  place.append(element("h1", "Live"), page.told, page.facts, element("div.watch", element("div", page.films, hint, page.health.box), side));
  const keys = (event) => page.key(event);
  const seen = () => page.want();
  document.addEventListener("keydown", keys);
  document.addEventListener("visibilitychange", seen);
  return () => {
    document.removeEventListener("keydown", keys);
    document.removeEventListener("visibilitychange", seen);
    page.stop();
  };
}

export const page = { pattern: "/live", title: () => "Live", show };
