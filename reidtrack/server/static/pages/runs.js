// Runs: a list with pictures and state; for admins the work under way, and a form that starts one.

import { element } from "../../../report/js/dom.js";
import { all, path } from "../api.js";
import { jobsPanel } from "../parts/jobs.js";
import { button, face, link, terms } from "../parts/make.js";
import { newRunForm } from "../parts/new_run.js";

function tile(run) {
  if (run.status === "unreadable") {
    return element("li", element("div.tile", element("div", element("b", run.id), element("p", run.why))));
  }
  const state = run.status === "done" ? null : element("span.state", run.status);
  const facts = terms("dl", [
    ["begun", `${run.started_utc.replace("T", " ").slice(0, 16)} UTC`],
    ["cameras", run.cameras.join(", ")],
    ["people", run.people ? `${run.people}, ${run.people_in_several_cameras} in several cameras` : "nobody yet"],
    ["visits", run.tracklets],
  ]);
  const made = link(path("runs", run.id), face(run.id, run.picture, ""), element("div", element("b", run.id), " ", state, facts));
  made.classList.add("tile");
  return element("li", made);
}

/** @type {import("../router.js").Page["show"]} */
async function show(place, _, app) {
  const list = element("ul.gridded");
  const refill = async () => {
    const { items } = await all("/runs");
    list.replaceChildren(...items.map(tile));
    if (!items.length) {
      const how = app.may("admin") ? "New run makes one of recordings." : "An admin can make one.";
      list.append(element("li.mute", `There is no run here yet. ${how}`));
    }
  };
  await refill();
  const title = element("div.row", element("h1", "Runs"));
  place.append(title);
  if (!app.may("admin")) {
    place.append(list);
    return undefined;
  }
  const jobs = await jobsPanel(app, refill);
  const form = element("div");
  title.append(button("New run", async () => form.replaceChildren(await newRunForm(app, jobs.refresh)), "main"));
  place.append(form, jobs.panel, list);
  return jobs.stop;
}

export const page = { pattern: "/", title: () => "Runs", show };
