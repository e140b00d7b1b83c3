// Enrolling: a name, days, and pictures of somebody: photos, or those of a person of a run.

import { element } from "../../../report/js/dom.js";
import { send } from "../api.js";
import { button, field, input } from "./make.js";
import { Photo } from "./photo.js";

const MOST_PHOTOS = 8;

/** Fields of the two days of somebody. */
export function dayFields(person = {}) {
  const consent = input("date", { value: person.consent ?? "" });
  const until = input("date", { value: person.until ?? "" });
  return {
    fields: [field("Agreed on", consent), field("Keep until", until)],
    days: () => ({ consent: consent.value || null, until: until.value || null }),
  };
}

/** Sends it and says what came of it; whether it was done. */
async function enrol(app, asked) {
  try {
    const done = await send("POST", "/people", asked);
    const also = done.alike ? ` Somebody in the gallery looks like that too (${done.alike.key}): merge them if both are one.` : "";
    app.say(`${done.name}: enrolled.${also}`);
    return true;
  } catch (error) {
    app.say(error.message, true);
    return false;
  }
}

/** @param {import("../router.js").App} app @param {() => void} done */
export function enrolForm(app, done) {
  const name = input("text", { maxLength: 80 });
  const { fields, days } = dayFields();
  const photos = [];
  const list = element("div.photos");
  const another = button("Another photo", () => add());
  const add = () => {
    const photo = new Photo(app, photos.length ? "Another photo" : "A photo: choose or drop one", () => {});
    photos.push(photo);
    list.append(photo.panel);
    another.disabled = photos.length === MOST_PHOTOS;
  };
  const act = button("Enrol", async () => {
    const pictures = photos.map((photo) => photo.picture).filter(Boolean);
    if (!name.value.trim() || !pictures.length) return app.say("A name and a photo in which one person is meant are needed.", true);
    act.disabled = true;
    if (await enrol(app, { name: name.value.trim(), pictures, ...days() })) done();
    act.disabled = false;
    return undefined;
  }, "main");
  add();
  const row = element("div.row", field("Called", name), ...fields);
  return element("details", element("summary", "Enrol somebody"), element("section.panel", row, list, element("div.row", another, act)));
}

/**
 * Enrols a person of a run by the pictures that were kept.
 *
 * @param {import("../router.js").App} app
 * @param {string} run
 * @param {any} person
 */
export function enrolPerson(app, run, person) {
  const name = input("text", { value: person.name ?? "", maxLength: 80 });
  const { fields, days } = dayFields();
  const pictures = person.pictures.slice(0, MOST_PHOTOS).map((crop) => Object.assign({ run }, crop));
  const act = button("Enrol", () => name.value.trim() && enrol(app, { name: name.value.trim(), pictures, ...days() }));
  return element("details", element("summary", "Into the gallery"), element("div.row", field("Known as", name), ...fields, act));
}
