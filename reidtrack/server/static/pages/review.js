// Review: are these two one person? The likeliest mistakes first, answered by keyboard; identities follow at once.

import { element } from "../../../report/js/dom.js";
import { formatPercent } from "../../../report/js/format.js";
import { address, get, path } from "../api.js";
import { correct, undo } from "../parts/corrections.js";
import { button, called, face, isTyping, link, span, terms } from "../parts/make.js";
import { runLinks } from "./run.js";

const AHEAD = 40;
/** Boxes are looked for this long before the moment that is shown, seconds. */
const HALF_STRETCH_S = 0.5;

/** The picture of a moment, with a frame around who is meant. */
function sceneOf(run, { camera, track_id, time_s }) {
  const image = element("img.scene");
  image.alt = `${camera} in the middle of the visit`;
  const box = element("div.scene-box", image);
  image.addEventListener("error", () => box.remove());
  image.addEventListener("load", async () => {
    const stretch = { camera, from_s: time_s - HALF_STRETCH_S, until_s: time_s + 1e-3, limit: 1000 };
    const { items } = await get(path("runs", run, "sightings"), stretch);
    const found = items.findLast((one) => one.track_id === track_id);
    if (found) box.append(frameAround(found.xyxy, await sizeOf(run, camera)));
  });
  image.src = address(path("runs", run, "cameras", camera, "frame"), { time_s, width: 960 });
  return box;
}

function frameAround([left, top, right, bottom], [width, height]) {
  const frame = element("i");
  const sides = { left: left / width, top: top / height, width: (right - left) / width, height: (bottom - top) / height };
  for (const [name, share] of Object.entries(sides)) frame.style[name] = `${share * 100}%`;
  return frame;
}

const runs = new Map();

/** Width and height of a camera's pictures, in which its boxes were found. */
async function sizeOf(run, camera) {
  if (!runs.has(run)) runs.set(run, get(path("runs", run)));
  const { detail } = await runs.get(run);
  return detail.find((one) => one.camera === camera).size;
}

/** The visit of the same person just before or after. */
function neighbour(run, { when, camera, first_time_s, last_time_s, picture }) {
  const words = element("figcaption", `${when}: ${camera}, ${span(first_time_s, last_time_s)}`);
  return element("figure.beside", face(run, picture, `${when}, ${camera}`), words);
}

function side(run, { ref, camera, track_id, first_time_s, last_time_s, identity, name, colour, pictures, beside }) {
  const scene = sceneOf(run, { camera, track_id, time_s: (first_time_s + last_time_s) / 2 });
  const who = link(path("runs", run, "people", identity), called({ id: identity, name }));
  const faces = pictures.map((crop) => face(run, crop, ref, "face.big"));
  const head = element("p", element("b", `${camera}, ${span(first_time_s, last_time_s)}`), " – ", who);
  const row = element("div.row", element("div.faces", ...faces), ...beside.map((one) => neighbour(run, one)));
  const made = element("section.panel", head, row, scene);
  made.style.setProperty("--c", colour);
  return made;
}

function about(question) {
  const present = question.kind === "link" ? "they are one person now" : "they are two people now";
  return terms("dl.reasons", [
    ["at present", present],
    ["chance that this is wrong", question.wrong === null ? null : formatPercent(question.wrong)],
    ["distance", question.distance?.toFixed(2)],
    ...question.terms,
  ]);
}

function worthText({ worth, expected_gain, total }) {
  if (!total) return "Nothing is left to ask.";
  if (!worth) return `No answer is expected to change much; ${total} links could still be looked at.`;
  const answers = worth === 1 ? "1 answer is" : `${worth} answers are`;
  return `${answers} worth giving; together they are expected to put ${expected_gain.toFixed(1)} visits right.`;
}

/** The queue of one run: what is asked, and what an answer does. */
class Queue {
  constructor(run, app, draw) {
    Object.assign(this, { run, app, draw, skipped: new Set(), busy: false });
  }

  async load() {
    this.found = await get(path("runs", this.run, "review"), { limit: AHEAD + this.skipped.size });
    this.draw(this);
  }

  get question() {
    return this.found.items.find((one) => !this.skipped.has(`${one.a.ref}\n${one.b.ref}`));
  }

  async answer(verb) {
    const { question } = this;
    if (question) await this.act(() => correct(this.app, this.run, { verb, who: [question.a.ref, question.b.ref] }));
  }

  async skip() {
    const { question } = this;
    if (!question || this.busy) return;
    this.skipped.add(`${question.a.ref}\n${question.b.ref}`);
    await this.load();
  }

  async takeBack() {
    await this.act(() => undo(this.app, this.run));
  }

  /** Keys that come while identities are settled are not meant for what follows. */
  async act(doing) {
    if (this.busy) return;
    this.busy = true;
    this.draw(this);
    await doing();
    this.busy = false;
    await this.load();
  }
}

function answerButtons(queue) {
  const made = [
    ["y", "one person", () => queue.answer("merge")],
    ["n", "two people", () => queue.answer("apart")],
    ["s", "skip", () => queue.skip()],
    ["z", "undo", () => queue.takeBack()],
  ];
  const buttons = made.map(([key, text, act]) => {
    const one = button("", act);
    one.append(element("kbd", key), ` ${text}`);
    one.dataset.key = key;
    return one;
  });
  const listen = (event) => {
    const found = made.find(([key]) => key === event.key.toLowerCase());
    if (!found || isTyping(event)) return;
    event.preventDefault();
    found[2]();
  };
  return { row: element("div.answers", ...buttons), listen };
}

/** @type {import("../router.js").Page["show"]} */
async function show(place, { run }, app) {
  const worth = element("p.hint");
  worth.setAttribute("aria-live", "polite");
  const asked = element("div");
  const draw = (queue) => {
    worth.textContent = queue.busy ? "Settling identities anew…" : worthText(queue.found);
    for (const one of row.children) one.disabled = queue.busy;
    if (queue.busy) return;
    const { question } = queue;
    const pair = question && element("div.pair", side(run, question.a), side(run, question.b));
    asked.replaceChildren(...(question ? [element("h2", "One person?"), about(question), pair] : []));
  };
  const queue = new Queue(run, app, draw);
  const { row, listen } = answerButtons(queue);
  place.append(element("h1", "Review"), worth, asked, row);
  await queue.load();
  document.addEventListener("keydown", listen);
  return () => document.removeEventListener("keydown", listen);
}

export const page = {
  pattern: "/runs/:run/review",
  title: ({ run }) => `Review, ${run}`,
  links: runLinks,
  show,
};
