// The form that names ground truth: a file for each camera, out of the folders that the server may read.

import { element } from "../../../report/js/dom.js";
import { all, path, send } from "../api.js";
import { button, field } from "./make.js";

const PARTS = [
  ["gt", "Ground truth"],
  ["gt_person", "Numbers of people over all cameras, where those differ"],
  ["ignore", "Boxes that are not scored"],
];

/** The file that is called like a camera and, where several are, says that it is the truth. */
function likeliest(sources, camera) {
  const words = (text) => ` ${text.replace(/[^\p{L}\d]+/gu, " ").trim()} `;
  const called = sources.filter((source) => {
    const stem = source.split("/").at(-1).replace(/\.\w+$/, "");
    return words(stem).includes(words(camera)) && !/ignore|det/i.test(stem);
  });
  return called.find((source) => /gt|truth/i.test(source)) ?? called[0];
}

/** A choice of files for a camera; the one of before, or one that is called like it, is chosen. */
function chooser(part, camera, sources, before) {
  const list = element("select");
  list.append(new Option("none", ""));
  const former = before?.[camera]; // which may have been moved since
  const guess = part === "gt" && (former || !before) ? likeliest(sources, camera) : undefined;
  const likely = sources.includes(former) ? former : guess;
  for (const source of sources) list.append(new Option(source, source, source === likely, source === likely));
  return list;
}

/** What was chosen of each part, camera to file. */
function chosen(lists) {
  const files = (fields) => fields.filter(([, list]) => list.value).map(([camera, list]) => [camera, list.value]);
  return Object.fromEntries(lists.map(([part, fields]) => [part, Object.fromEntries(files(fields))]));
}

/**
 * @param {import("../router.js").App} app
 * @param {any} run As the server tells of it.
 * @param {Record<string, Record<string, string>> | undefined} basis What was chosen the last time.
 * @param {(found: any) => void} done Told what was measured.
 */
export async function truthForm(app, run, basis, done) {
  const sources = (await all("/ground-truth")).items.map(({ source }) => source);
  if (!sources.length) return element("p.hint", "There is no text file in the folders that may be read: name one with --recordings.");
  const lists = PARTS.map(([part]) => [part, run.cameras.map((camera) => [camera, chooser(part, camera, sources, basis?.[part])])]);
  const groups = lists.map(([, fields], n) => {
    const legend = element("legend", PARTS[n][1]);
    return element("fieldset", legend, ...fields.map(([camera, list]) => field(camera, list)));
  });
  const act = button("Measure", async () => {
    act.disabled = true;
    act.textContent = "measuring…";
    try {
      done(await send("POST", path("runs", run.id, "measurement"), chosen(lists)));
    } catch (error) {
      app.say(error.message, true);
    }
    act.disabled = false;
    act.textContent = "Measure";
  }, "main");
  const rest = element("details", element("summary", "More"), ...groups.slice(1));
  return element("section.panel", groups[0], rest, element("div.row", act));
}
