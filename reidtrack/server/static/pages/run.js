// Run: everybody over the cameras and the time, and the cameras playing together; a click on a bar goes there.

import { element } from "../../../report/js/dom.js";
import { formatClock, formatTime } from "../../../report/js/format.js";
import { address, all, get, path } from "../api.js";
import { boxDrawer } from "../parts/draw_box.js";
import { Lanes } from "../parts/lanes.js";
import { button, called, isTyping, link, terms } from "../parts/make.js";
import { Player } from "../parts/player.js";

const ZOOM = 1.5;

/** Rows of the tracklets as the lanes take them. */
function rowsOf({ items, people }) {
  return items.map(([identity, camera, track, from, to]) => {
    const person = people[identity];
    return { identity, camera, track, from, to, colour: person.colour, name: called({ id: identity, name: person.name }) };
  });
}

/** The day that the address names, by itself or by a moment; the first where it names none; of short runs none. */
function askedDay(run) {
  if (!run.days.length) return null;
  const named = new URLSearchParams(location.search);
  const time = Number.parseFloat(named.get("t") ?? "");
  const by = named.has("day") ? (day) => day.day === named.get("day") : (day) => day.first_s <= time && time < day.last_s;
  return run.days.find(by) ?? run.days[0];
}

/** Which day is shown, and another one. */
function dayPicker(run, shown, app) {
  const goTo = (day) => app.go(`${path("runs", run.id)}?${new URLSearchParams({ day: day.day })}`);
  const list = element("select");
  for (const day of run.days) list.append(new Option(day.label, day.day, false, day === shown));
  list.setAttribute("aria-label", "Day");
  list.addEventListener("change", () => goTo(run.days[list.selectedIndex]));
  const step = (by, text, label) => {
    const day = run.days[run.days.indexOf(shown) + by];
    const made = button(text, () => goTo(day));
    made.disabled = !day;
    made.setAttribute("aria-label", label);
    return made;
  };
  const reports = shown.pages.map((page, index) => {
    const made = link(address(path("runs", run.id, "report", page)), index ? `${index + 1}` : "report of the day");
    made.target = "_blank";
    return made;
  });
  const zone = element("span.hint", `times of ${run.zone}`);
  return element("div.row", step(-1, "‹", "Day before"), list, step(1, "›", "Day after"), zone, ...reports);
}

function controls(player, lanes) {
  const play = button("▶ play", () => player.toggle(), "main");
  const time = element("output");
  player.onState = (playing) => (play.textContent = playing ? "⏸ pause" : "▶ play");
  const step = (by, text, label) => {
    const made = button(text, () => player.step(by));
    made.setAttribute("aria-label", label);
    return made;
  };
  const zooms = [["−", ZOOM, "Show more time"], ["+", 1 / ZOOM, "Show less time"]].map(([text, by, label]) => {
    const made = button(text, () => lanes.zoom(by));
    made.setAttribute("aria-label", label);
    return made;
  });
  const whole = button("all", () => lanes.whole());
  const row = element("div.row", play, step(-1, "‹", "A frame back"), step(1, "›", "A frame on"), time, ...zooms, whole);
  return { row, showTime: (now) => (time.textContent = lanes.text(now, 2)) };
}

function keys(player, lanes) {
  const actions = {
    " ": () => player.toggle(),
    ",": () => player.step(-1),
    ".": () => player.step(1),
    "+": () => lanes.zoom(1 / ZOOM),
    "-": () => lanes.zoom(ZOOM),
    0: () => lanes.whole(),
  };
  return (event) => {
    const act = actions[event.key];
    if (!act || isTyping(event) || event.target.closest("button, a, canvas")) return;
    event.preventDefault();
    act();
  };
}

const key = (name) => element("kbd", name);

function facts(run) {
  return terms("dl.facts", [
    ["people", run.people],
    ["in several cameras", run.people_in_several_cameras],
    ["visits", run.tracklets],
    ["cameras", run.cameras.length],
  ]);
}

function head(run) {
  const title = element("div.row", element("h1", run.id));
  if (run.whole) {
    const report = link(address(path("runs", run.id, "report")), "report");
    report.target = "_blank";
    title.append(report);
  }
  return title;
}

/** The page Find with a box of a frame. */
function findAddress(run, camera, time, box) {
  const named = { run, camera, time_s: time.toFixed(3), box: box.map((value) => value.toFixed(1)).join(",") };
  return `/find?${new URLSearchParams(named)}`;
}

/** The moment that the address names, /runs/monday?t=12.5&camera=hall; the beginning where it names none. */
function asked(start) {
  const named = new URLSearchParams(location.search);
  const time = Number.parseFloat(named.get("t") ?? "");
  return Number.isFinite(time) ? [time, named.get("camera")] : [start];
}

/** @type {import("../router.js").Page["show"]} */
async function show(place, { run: id }, app) {
  const run = await get(path("runs", id));
  const day = askedDay(run);
  const stretch = day ? { from_s: day.first_s, until_s: day.last_s } : {};
  const tracklets = await all(path("runs", id, "tracklets"), stretch);
  const whole = [run.first_time_s ?? 0, run.last_time_s ?? 1];
  const ends = day ? [Math.max(whole[0], day.first_s), Math.min(whole[1], day.last_s)] : whole;
  const rows = rowsOf(tracklets);
  const player = new Player(run, Object.fromEntries(rows.map((row) => [row.identity, row])));
  const text = day ? (time, decimals) => formatClock(day.clock, time, decimals) : formatTime;
  const lanes = new Lanes(rows, tracklets.cameras, ends, text);
  lanes.zero = day?.first_s ?? 0;
  const { row, showTime } = controls(player, lanes);
  row.append(boxDrawer(player, (camera, time, box) => app.go(findAddress(id, camera, time, box))));
  lanes.onPick = (tracklet, time) => player.seek(time, tracklets.cameras[tracklet.camera]);
  lanes.onOpen = (tracklet) => app.go(path("runs", id, "people", tracklet.identity));
  player.onTime = (now) => {
    lanes.playhead(now);
    showTime(now);
  };
  const hint = element("p.hint", "A bar is a visit, a line of its own for each camera; pointed at, it says which. A click goes there, a double click or ", key("Enter"), " opens the person. ");
  hint.append(key("space"), " plays, ", key(","), " ", key("."), " step by a frame, ", key("+"), " ", key("-"), " ", key("0"));
  hint.append(" zoom, arrows move between bars.");
  place.append(head(run), facts(run), ...(day ? [dayPicker(run, day, app)] : []), player.films, row, lanes.box, hint);
  const listen = keys(player, lanes);
  document.addEventListener("keydown", listen);
  requestAnimationFrame(() => lanes.whole());
  player.seek(...asked(ends[0]));
  return () => {
    document.removeEventListener("keydown", listen);
    player.stop();
    lanes.stop();
  };
}

/** Names and addresses of what else there is of a run. */
export function runLinks({ run }) {
  return [
    [run, path("runs", run)],
    ["Review", path("runs", run, "review")],
    ["Measure", path("runs", run, "measure")],
  ];
}

export const page = { pattern: "/runs/:run", title: ({ run }) => run, links: runLinks, show };
