// Long work: how far each job is, as the server tells; cancelling it, and having it go on.

import { element } from "../../../report/js/dom.js";
import { address, get, path, send } from "../api.js";
import { button, link } from "./make.js";

const OVER = new Set(["done", "failed", "cancelled"]);
const MOST_SHOWN = 8;

function bars(job) {
  return Object.entries(job.progress.tasks || {}).map(([task, { done, total }]) => {
    const bar = element("progress");
    if (total) bar.max = total;
    if (total) bar.value = done;
    const words = `${task}: ${done}${total ? ` of ${total}` : ""} ${job.progress.unit || ""}`;
    bar.setAttribute("aria-label", words);
    return element("div", element("small", words), bar);
  });
}

function card(job, act) {
  const words = job.state === "running" && job.progress.stage ? `${job.state}: ${job.progress.stage}` : job.state;
  const name = job.state === "done" ? link(path("runs", job.run), job.run) : element("b", job.run);
  const head = element("div.row", name, element(`span.state.${job.state}`, words));
  if (!OVER.has(job.state)) head.append(button("cancel", () => act(job, "cancel")));
  if (job.state === "failed" || job.state === "cancelled") head.append(button("go on", () => act(job, "resume")));
  const notes = [job.error, ...(job.progress.notes || [])].filter(Boolean).map((text) => element("p.hint", text));
  return element("li.panel", head, ...(job.state === "running" ? bars(job) : []), ...notes);
}

/** The newest jobs, drawn anew whenever the server tells something of one. */
class Jobs {
  constructor(app, ended) {
    Object.assign(this, { app, ended, watched: new Map(), jobs: new Map() });
    this.list = element("ul.gridded");
    this.panel = element("section", element("h2", "Work"), this.list);
    this.refresh = this.refresh.bind(this);
    this.act = this.act.bind(this);
  }

  draw() {
    this.list.replaceChildren(...[...this.jobs.values()].map((job) => card(job, this.act)));
    this.panel.hidden = !this.jobs.size;
  }

  watch(job) {
    if (OVER.has(job.state) || this.watched.has(job.id)) return;
    const events = new EventSource(address(path("jobs", job.id, "events")));
    this.watched.set(job.id, events);
    events.addEventListener("message", ({ data }) => this.told(events, JSON.parse(data)));
  }

  told(events, job) {
    this.jobs.set(job.id, job);
    this.draw();
    if (!OVER.has(job.state)) return;
    events.close();
    this.watched.delete(job.id);
    this.ended();
  }

  async refresh() {
    const { items } = await get("/jobs", { limit: MOST_SHOWN });
    this.jobs = new Map(items.map((job) => [job.id, job]));
    for (const job of items) this.watch(job);
    this.draw();
  }

  async act(job, what) {
    try {
      await send("POST", path("jobs", job.id, what));
    } catch (error) {
      this.app.say(error.message, true);
    }
    await this.refresh();
  }
}

/**
 * The panel of the newest jobs.
 *
 * @param {import("../router.js").App} app
 * @param {() => void} ended Called when a job is over.
 */
export async function jobsPanel(app, ended) {
  const jobs = new Jobs(app, ended);
  await jobs.refresh();
  return { panel: jobs.panel, refresh: jobs.refresh, stop: () => jobs.watched.forEach((events) => events.close()) };
}
