// Measure: how good a run is where there is ground truth, and what the points were lost by, with links to the moments.

import { element } from "../../../report/js/dom.js";
import { formatTime } from "../../../report/js/format.js";
import { get, path } from "../api.js";
import { link, moment } from "../parts/make.js";
import { table } from "../parts/table.js";
import { truthForm } from "../parts/truth_form.js";
import { runLinks } from "./run.js";

const COLUMNS = ["HOTA", "DetA", "AssA", "IDF1", "MOTA", "IDSW", "FP", "FN"];
const COUNTS = new Set(["IDSW", "FP", "FN"]);
const MOST_LISTED = 50;

const points = (value, decimals = 1) => (value === null || value === undefined ? "" : value.toFixed(decimals));
const count = (boxes) => `${boxes} ${boxes === 1 ? "box" : "boxes"}`;
const figure = (name, value) => (COUNTS.has(name) ? String(value ?? "") : points(value));

function scores({ cameras, cross }) {
  const row = (name, figures) => [name, ...COLUMNS.map((column) => figure(column, figures[column]))];
  const rows = Object.entries(cameras).map(([camera, figures]) => row(camera, figures));
  return table(["camera", ...COLUMNS], [...rows, row("people over all cameras", cross)], "table.figures");
}

function stages(blame) {
  const row = (name, found) => [name, points(found.IDF1, 2), points(found.HOTA, 2)];
  const lost = Object.entries(blame.loss).map(([stage, found]) => row(`lost by ${stage}`, found));
  return table(["percent", "IDF1", "HOTA"], [...lost, row("what is left", blame.result)], "table.figures");
}

/** A tracklet, and where it begins: a link to that moment where identities are as they were. */
function tracklet(run, { camera, track_id: track, time_s: time }) {
  const words = `${camera} ${track}`;
  if (time === null || time === undefined) return document.createTextNode(words);
  const made = link(moment(run, time, camera), words);
  made.title = `at ${formatTime(time, 1)}`;
  return made;
}

function sides(run, { a, b, distance }) {
  return element("span", tracklet(run, a), " and ", tracklet(run, b), distance === null ? "" : `, distance ${distance.toFixed(2)}`);
}

function linkingMistake(run, found, current) {
  const who = current ? link(path("runs", run, "people", found.identity), `person ${found.identity}`) : `person ${found.identity}`;
  const owner = found.owner === null ? "" : ", who is somebody else";
  const names = found.tracklets.flatMap((key, n) => [n ? ", " : "", tracklet(run, key)]);
  const what = element("div", element("b", found.kind), ` (${count(found.boxes)}): `, ...names, " in ", who, owner);
  const wrong = found.wrong_links.map((one) => element("div", "linked: ", sides(run, one)));
  const missing = found.missing_link && (found.home !== null || !wrong.length);
  return element("div", what, ...wrong, missing ? element("div", "not linked: ", sides(run, found.missing_link)) : null);
}

function slip(run, found) {
  const frames = `frames ${found.first_frame} to ${found.last_frame}`;
  return element("div", tracklet(run, found), `: ${count(found.boxes)} on somebody else, ${frames}`);
}

/** Mistakes as rows, the costliest first. */
function mistakes(title, found, text) {
  if (!found.length) return element("p.hint", `${title}: none.`);
  const listed = found.slice(0, MOST_LISTED);
  const more = found.length > listed.length ? element("p.hint", `${found.length - listed.length} more cost less.`) : null;
  return element("section", element("h3", title), table(["IDF1", "what"], listed.map((one) => [points(one.IDF1, 2), text(one)]), "table.mistakes"), more);
}

function detection({ detection: found }) {
  const rows = Object.entries(found).map(([camera, one]) => [camera, one.boxes, one.missed, one.missed_but_detected ?? "", one.false, points(one.IDF1, 2)]);
  return table(["camera", "boxes", "missed", "of them detected", "false", "IDF1"], rows, "table.figures");
}

function blamed(run, blame) {
  const parts = [element("h2", "What the points were lost by"), stages(blame)];
  if (blame.current === false) parts.push(element("p.hint", "Identities were settled anew since: measure again for links to the moments."));
  parts.push(mistakes("Linking", blame.linking, (one) => linkingMistake(run, one, blame.current)));
  const pairs = blame.camera_pairs.map((pair) => [pair.cameras.join(" – "), pair.splits, pair.merges, points(pair.IDF1, 2)]);
  if (pairs.length) parts.push(table(["cameras", "splits", "merges", "IDF1"], pairs, "table.figures"));
  parts.push(mistakes("Tracking", blame.tracking, (one) => slip(run, one)), element("h3", "Detection"), detection(blame));
  return parts;
}

/** What was measured, or that nothing was. */
function shown(run, { evaluation, blame }, mayMeasure) {
  if (!evaluation) {
    const how = mayMeasure ? "Name some below." : "An admin can name some.";
    return [element("p", `Nobody has said who is really who in this run: without ground truth there is nothing to measure by. ${how}`)];
  }
  const parts = [];
  if (evaluation.current === false) parts.push(element("p.warn", "Identities were settled anew since this was measured: it is of those before."));
  if (evaluation.current === null) parts.push(element("p.hint", "The file does not say which identities were measured."));
  parts.push(element("p.hint", "HOTA, IDF1 and MOTA in percent: 100 is without a mistake. IDSW, FP and FN are counts."), scores(evaluation));
  return parts.concat(blame ? blamed(run, blame) : element("p.hint", "Which mistakes cost the points is not known yet: measure again below to see each with a link to its moment."));
}

/** @type {import("../router.js").Page["show"]} */
async function show(place, { run: id }, app) {
  const run = await get(path("runs", id));
  place.append(element("h1", `How right is ${id}?`));
  if (!run.whole) {
    place.append(element("p", "Figures are of all cameras together, so they are for who sees all of them."));
    return;
  }
  const found = await get(path("runs", id, "measurement"));
  const results = element("div");
  const fill = (told) => results.replaceChildren(...shown(id, told, app.may("admin")));
  fill(found);
  place.append(results);
  if (app.may("admin")) {
    const form = await truthForm(app, run, found.evaluation?.basis, fill);
    place.append(element("h2", found.evaluation ? "Measure again" : "Ground truth"), form);
  }
}

export const page = { pattern: "/runs/:run/measure", title: ({ run }) => `Measure, ${run}`, links: runLinks, show };
