// Live, one person: where they are, since when, and where they were before.

import { element } from "../../../report/js/dom.js";
import { get, path } from "../api.js";
import { button, face, link } from "./make.js";

const SHOWN = 30;

/** Seconds as a length of time. */
function lasted(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

export class LivePerson {
  /** @param {{name: (identity: number) => string, colour: (identity: number) => string, clock: (time: number) => string, now: () => number, closed: () => void}} page */
  constructor(page) {
    this.page = page;
    this.identity = null;
    this.box = element("section.panel.person");
    this.box.hidden = true;
    this.box.setAttribute("aria-label", "Person");
  }

  /** @param {number} identity @param {boolean} [focus] Whether the panel is gone to. */
  async open(identity, focus = true) {
    this.identity = identity;
    const told = await get(path("live", "people", identity)).catch(() => null);
    if (this.identity !== identity) return;
    if (!told) {
      this.close();
      return;
    }
    this.identity = told.identity;
    this.draw(told);
    this.box.hidden = false;
    if (focus) this.box.querySelector("h2").focus();
  }

  draw(told) {
    const title = element("h2", this.page.name(told.identity));
    title.tabIndex = -1;
    this.box.style.setProperty("--c", this.page.colour(told.identity));
    const head = element("div.row", title, button("close", () => this.close()));
    const faces = element("div.faces", ...told.pictures.map((crop) => face(told.run, crop, this.page.name(told.identity))));
    const lines = told.visits.slice(0, SHOWN).map((visit) => this.line(visit));
    const rest = told.visits.length > SHOWN ? element("p.hint", `and ${told.visits.length - SHOWN} before`) : "";
    const [crop] = told.pictures;
    const named = crop && new URLSearchParams({ run: told.run, camera: crop.camera, track_id: crop.track_id, frame: crop.frame });
    this.box.replaceChildren(head, faces, element("ul.visits-live", ...lines), rest);
    if (named) this.box.append(link(`/find?${named}`, "find elsewhere"));
  }

  line({ camera, since_s: since, until_s: until }) {
    if (until === null) return element("li", element("b", camera), ` now, since ${this.page.clock(since)} (${lasted(this.page.now() - since)})`);
    return element("li", element("b", camera), ` ${this.page.clock(since)}, for ${lasted(until - since)}`);
  }

  close() {
    this.identity = null;
    this.box.hidden = true;
    this.page.closed();
  }
}
