// People: who is in the gallery over all runs; enrolling, naming, dates, merging, forgetting.

import { element } from "../../../report/js/dom.js";
import { get, path, send } from "../api.js";
import { dayFields, enrolForm } from "../parts/enrol.js";
import { button, field, input, terms } from "../parts/make.js";

/** People that are shown at first, and more of them each time. */
const AT_ONCE = 100;

const day = (utc) => utc && `${utc.replace("T", " ").slice(0, 16)} UTC`;

function facts(person) {
  return terms("dl", [
    ["key", person.key],
    ["runs", person.runs],
    ["photos", person.photos || null],
    ["cameras", person.cameras.join(", ")],
    ["first seen", day(person.first_utc)],
    ["last seen", day(person.last_utc)],
    ["agreed on", person.consent],
    ["kept until", person.until],
  ]);
}

/** A list of everybody else who is shown, who this person may be too. */
function others(person, people) {
  const list = element("select");
  list.append(new Option("nobody else", ""));
  for (const one of people) if (one.key !== person.key) list.append(new Option(one.name ?? one.key, one.key));
  return list;
}

function tools(app, person, people, act) {
  const who = person.name ?? person.key;
  const name = input("text", { value: person.name ?? "", maxLength: 80 });
  const other = others(person, people);
  const at = path("people", person.key);
  const { fields, days } = dayFields(person);
  const row = element(
    "div.row",
    field("Called", name),
    button("Name", () => act("POST", `${at}/name`, { name: name.value }, `${who}: named`)),
    field("The same as", other),
    button("Merge", () => other.value && act("POST", `${at}/merge`, { into: other.value }, `${who}: merged`)),
    ...fields,
    button("Note days", () => act("POST", `${at}/dates`, days(), `${who}: noted`)),
  );
  if (app.may("admin")) {
    const words = `Forget ${who}? Everything that the gallery keeps of them is removed for good.`;
    row.append(button("Forget", () => confirm(words) && act("DELETE", at, undefined, `${who}: forgotten`)));
  }
  return element("details", element("summary", "Change"), row);
}

/** The first people of the gallery, and how many there are. */
async function peopleOf(wanted) {
  const cursors = Array.from({ length: Math.ceil(wanted / AT_ONCE) }, (_, index) => index * AT_ONCE);
  const pages = await Promise.all(cursors.map((cursor) => get("/people", { cursor, limit: AT_ONCE })));
  return { items: pages.flatMap((page) => page.items), total: pages[0].total };
}

/** @type {import("../router.js").Page["show"]} */
async function show(place, _, app) {
  const list = element("ul.gridded");
  const count = element("p.hint");
  const changes = app.may("reviewer") && !app.user.cameras;
  const act = async (method, at, body, done) => {
    try {
      await send(method, at, body);
      app.say(done);
      await refill();
    } catch (error) {
      app.say(error.message, true);
    }
  };
  const tile = (person, people) => {
    const about = element("div", element("b", person.name ?? "without a name"), facts(person));
    if (changes) about.append(tools(app, person, people, act));
    return element("li", element("div.tile", about));
  };
  let wanted = AT_ONCE;
  const more = button("Show more", () => {
    wanted += AT_ONCE;
    return refill();
  });
  const refill = async () => {
    const { items, total } = await peopleOf(wanted);
    count.textContent = total ? `${total} people, over all runs` : "Nobody is in the gallery yet: it is filled from a person's page (Into the gallery), from photos below, and by runs with a gallery.";
    list.replaceChildren(...items.map((person) => tile(person, items)));
    more.hidden = items.length >= total;
  };
  await refill();
  const rule = "Who is kept until a day is forgotten after it: neither shown nor recognised any more.";
  place.append(element("h1", "People"), count);
  if (changes) place.append(element("p.hint", rule), enrolForm(app, refill));
  place.append(list, more);
}

export const page = { pattern: "/people", title: () => "People", show };
