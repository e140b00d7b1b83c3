// Person: pictures, visits with why each was joined, and everything that can be corrected; undo.

import { element } from "../../../report/js/dom.js";
import { formatPercent, formatTime } from "../../../report/js/format.js";
import { get, path, send } from "../api.js";
import { correct, undo } from "../parts/corrections.js";
import { enrolPerson } from "../parts/enrol.js";
import { button, called, face, field, input, link, span, terms } from "../parts/make.js";
import { planOf } from "../parts/plan.js";
import { runLinks } from "./run.js";

function reasons(tracklet) {
  const { link: joined } = tracklet;
  if (!joined) return element("p.hint", "the first visit that is known");
  const rival = joined.runner_up ? `${joined.runner_up.camera} ${joined.runner_up.track_id}` : null;
  const margin = rival && joined.margin !== null ? `${rival}, ${joined.margin.toFixed(2)} farther` : rival;
  return terms("dl.reasons", [
    ["joined to", `${joined.camera} ${joined.track_id}`],
    ["probability", joined.probability === null ? null : formatPercent(joined.probability)],
    ["distance", joined.distance.toFixed(2)],
    ...joined.reasons,
    ["next nearest", margin],
  ]);
}

function cutter(tracklet, say) {
  const at = input("number", { step: "0.01", min: String(tracklet.first_time_s), max: String(tracklet.last_time_s) });
  at.value = ((tracklet.first_time_s + tracklet.last_time_s) / 2).toFixed(2);
  at.setAttribute("aria-label", "Second of the run at which somebody else begins");
  return element("span.row", button("two people from", () => say({ verb: "split", who: [plainRef(tracklet)], at_s: Number(at.value) })), at, "s on");
}

/** What names the whole track, also where it is cut already. */
const plainRef = (tracklet) => tracklet.ref.replace(/@[-\d.]+$/, "");

function visit(run, tracklet, say) {
  const pictures = tracklet.pictures.slice(0, 3).map((crop) => face(run, crop, `${tracklet.ref}`));
  const title = element("b", `${tracklet.camera}, ${span(tracklet.first_time_s, tracklet.last_time_s)}`);
  const about = element("div", title, reasons(tracklet));
  if (say) {
    const row = element("div.row");
    row.append(
      button("not this person", () => say({ verb: "split", who: [tracklet.ref] })),
      button("not a person", () => say({ verb: "ignore", who: [tracklet.ref] })),
      cutter(tracklet, say),
    );
    about.append(row);
  }
  return element("li", element("div.faces", ...pictures), about);
}

/** The page Find with a picture of this person. */
function findElsewhere(run, [crop]) {
  if (!crop) return "";
  const named = new URLSearchParams({ run, camera: crop.camera, track_id: String(crop.track_id), frame: String(crop.frame) });
  return link(`/find?${named}`, "find elsewhere");
}

function namer(person, say) {
  const name = input("text", { value: person.name ?? "", maxLength: 80 });
  const give = button("Name", () => say({ verb: "name", who: [String(person.id)], name: name.value }));
  return element("div.row", field("Called", name), give);
}

function merger(person, say) {
  const other = input("text", { placeholder: "7, or a name" });
  const act = button("Merge", () => say({ verb: "merge", who: [String(person.id), other.value.trim()] }));
  return element("div.row", field("The same as", other), act);
}

function tools(person, say, takeBack) {
  const whole = [String(person.id)];
  return element(
    "section.panel",
    element("div.row", namer(person, say), merger(person, say)),
    element(
      "div.row",
      button("Right as it is", () => say({ verb: "lock", who: whole })),
      button("Two people", () => say({ verb: "split", who: whole })),
      button("Not a person", () => say({ verb: "ignore", who: whole })),
      button("Undo", takeBack),
    ),
  );
}

/** For admins: everything that the run keeps of the person goes. */
function eraser(app, run, person) {
  const words = `Erase ${called(person)} from ${run}? Boxes, embeddings, pictures, corrections and annotated videos that show them go for good.`;
  return button("Erase", async () => {
    if (!confirm(words)) return;
    try {
      const done = await send("DELETE", path("runs", run, "identities", person.id));
      const seen = done.recordings.map((one) => `${one.camera} ${span(one.first_time_s, one.last_time_s)}`).join(", ");
      app.say(`Erased. Still to be seen in the recordings: ${seen}`);
      app.go(path("runs", run), true);
    } catch (error) {
      app.say(error.message, true);
    }
  });
}

/** @type {import("../router.js").Page["show"]} */
async function show(place, { run, identity }, app) {
  const of = path("runs", run, "identities", identity);
  const [person, { plan }] = await Promise.all([get(of), get(`${of}/path`).catch(() => ({ plan: null }))]);
  const goTo = (done) => {
    if (!done) return;
    const first = done.now.find((number) => number !== null);
    app.go(first === undefined ? path("runs", run) : path("runs", run, "people", first), true);
  };
  const say = app.may("reviewer") ? async (said) => goTo(await correct(app, run, said)) : null;
  const takeBack = async () => goTo(await undo(app, run));
  const title = element("div.row", element("h1", called(person)), link(path("runs", run), `in ${run}`), findElsewhere(run, person.pictures));
  const seen = `${formatTime(person.first_time_s, 1)} to ${formatTime(person.last_time_s, 1)}, ${person.cameras.join(", ")}`;
  const known = person.gallery ? element("p.hint", `In the gallery: ${person.gallery.name ?? person.gallery.key ?? ""}`) : "";
  place.append(title, element("p.hint", seen), known);
  place.append(element("div.faces", ...person.pictures.map((crop) => face(run, crop, called(person), "face.big"))));
  if (say) {
    const panel = tools(person, say, takeBack);
    if (app.may("admin")) panel.lastElementChild.append(eraser(app, run, person));
    place.append(panel);
  }
  if (say && !app.user.cameras && person.pictures.length) place.append(enrolPerson(app, run, person));
  place.append(element("h2", "On the plan"), planOf(run, plan, person.colour));
  place.append(element("h2", "Visits"), element("ul.tracklets", ...person.tracklets.map((t) => visit(run, t, say))));
}

export const page = {
  pattern: "/runs/:run/people/:identity",
  title: ({ run, identity }) => `Person ${identity}, ${run}`,
  links: runLinks,
  show,
};
