// Live cameras: how each is, and for admins which are watched.

import { element } from "../../../report/js/dom.js";
import { get, path, send } from "../api.js";
import { button, field, input } from "./make.js";

const COLUMNS = ["camera", "state", "pictures a second", "boxes after", "left out", "people", ""];
const number = (value, digits, unit) => (value === null || value === undefined ? "" : `${value.toFixed(digits)}${unit}`);

export class LiveCameraTable {
  /** @param {import("../router.js").App} app */
  constructor(app) {
    this.app = app;
    this.body = element("tbody");
    const head = element("tr", ...COLUMNS.map((name) => (name ? element("th", name) : element("td"))));
    for (const cell of head.querySelectorAll("th")) cell.scope = "col";
    const table = element("table.health", element("thead", head), this.body);
    this.scroll = element("div.scroll", table);
    this.scroll.tabIndex = 0;
    this.scroll.setAttribute("role", "region");
    this.scroll.setAttribute("aria-label", "State of the cameras");
    this.box = element("section", element("h2", "Cameras"), this.scroll);
    this.rows = new Map();
    this.off = element("div");
    if (app.may("admin")) this.box.append(this.off, this.form());
  }

  /** @param {Record<string, any>} cameras */
  tell(cameras) {
    for (const name of [...this.rows.keys()].filter((known) => !(known in cameras))) {
      this.rows.get(name).remove();
      this.rows.delete(name);
    }
    for (const [name, camera] of Object.entries(cameras)) {
      if (!this.rows.has(name)) this.rows.set(name, this.row(name));
      const row = this.rows.get(name);
      const state = camera.state === "down" ? `down: ${camera.reason}` : camera.state;
      const values = [state, number(camera.fps_seen, 1, ""), number(camera.delay_p50_s, 2, " s"), camera.dropped ?? "", camera.people ?? ""];
      row.classList.toggle("wrong", camera.state === "down");
      for (const [index, value] of values.entries()) {
        const text = String(value);
        if (row.children[index + 1].textContent !== text) row.children[index + 1].textContent = text;
      }
    }
  }

  row(name) {
    const title = element("th", name);
    title.scope = "row";
    const last = element("td");
    if (this.app.may("admin")) {
      const out = button("take out", () => this.act("DELETE", path("live", "cameras", name)));
      out.setAttribute("aria-label", `Take out ${name}`);
      last.append(out);
    }
    const row = element("tr", title, ...COLUMNS.slice(2).map(() => element("td")), last);
    this.body.append(row);
    return row;
  }

  form() {
    const name = input("text", { maxLength: 100, required: true });
    const place = input("text", { placeholder: "rtsp://10.0.0.7/main", maxLength: 2000, required: true });
    const add = button("Watch", () => this.act("POST", "/live/cameras", { name: name.value, address: place.value }));
    const row = element("div.row", field("Name", name), field("Address", place), add);
    return element("details", element("summary", "Another camera"), row);
  }

  async act(method, place, body) {
    try {
      await send(method, place, body);
    } catch (error) {
      this.app.say(error.message, true);
    }
    await this.refresh();
  }

  /** Cameras that were taken out, with a way back. */
  async refresh() {
    if (!this.app.may("admin")) return;
    const { items } = await get("/live/cameras").catch(() => ({ items: [] }));
    const out = items.filter(({ source }) => source === "off");
    this.off.replaceChildren(...out.map(({ name }) => button(`watch ${name} again`, () => this.act("POST", "/live/cameras", { name }))));
  }
}
