// Find: a photo, or a picture of a run; who looks like that, over all runs and the gallery.

import { element } from "../../../report/js/dom.js";
import { address, path, send } from "../api.js";
import { called, face, link, span, terms } from "../parts/make.js";
import { Photo, takePasted } from "../parts/photo.js";

function ofRun(hit) {
  const facts = terms("dl", [
    ["run", hit.run],
    ["seen", `${hit.camera}, ${span(hit.first_time_s, hit.last_time_s)}`],
    ["cameras", hit.cameras.join(", ")],
    ["distance", hit.distance.toFixed(2)],
  ]);
  const who = called({ id: hit.identity, name: hit.name });
  const about = element("div", element("b", who), facts, element("p.hint", hit.meaning));
  const made = link(path("runs", hit.run, "people", hit.identity), face(hit.run, hit.picture, who), about);
  made.classList.add("tile");
  return made;
}

function ofGallery(hit) {
  const facts = terms("dl", [
    ["gallery", hit.key],
    ["seen", hit.seen_utc && `${hit.camera}, ${hit.seen_utc.replace("T", " ").slice(0, 16)} UTC`],
    ["distance", hit.distance.toFixed(2)],
  ]);
  const made = link("/people", element("div", element("b", hit.name ?? hit.key), facts, element("p.hint", hit.meaning)));
  made.classList.add("tile");
  return made;
}

function answer({ items, searched, left_out: leftOut }) {
  const list = element("ol.gridded", ...items.map((hit) => element("li", hit.run ? ofRun(hit) : ofGallery(hit))));
  const words = `${searched} people searched. Somebody is always first, also where the person was never seen.`;
  const faults = leftOut.map(({ run, why }) => element("li", `${run ?? "the gallery"}: ${why}`));
  const missing = faults.length ? element("details", element("summary", `${faults.length} left out`), element("ul", ...faults)) : null;
  return [element("h2", "Most alike first"), element("p.hint", words), missing ?? "", list];
}

/**
 * The picture of a run that the address names: /find?run=...&camera=...&track_id=...&frame=..., or a frame of a camera and
 * a box in it: time_s=...&box=left,top,right,bottom.
 */
function fromAddress(photo) {
  const named = new URLSearchParams(location.search);
  const [run, camera] = [named.get("run"), named.get("camera")];
  if (!run || !camera) return undefined;
  if (named.has("time_s")) return photo.showFrame({ run, camera, time_s: Number(named.get("time_s")) }, (named.get("box") ?? "").split(",").map(Number));
  const [track, frame] = [Number(named.get("track_id")), Number(named.get("frame"))];
  return photo.show({ run, camera, track_id: track, frame }, address(path("runs", run, "crops", camera, track, frame)));
}

/** @type {import("../router.js").Page["show"]} */
async function show(place, _, app) {
  const results = element("div");
  let turn = 0;
  const look = async () => {
    const mine = ++turn;
    results.replaceChildren();
    if (!photo.picture) return;
    results.replaceChildren(element("p.mute", "searching…"));
    try {
      const found = await send("POST", "/search", { picture: photo.picture });
      if (mine === turn) results.replaceChildren(...answer(found));
    } catch (error) {
      if (mine === turn) results.replaceChildren(element("p", error.message));
    }
  };
  const photo = new Photo(app, "A photo of somebody: choose, drop or paste one", look);
  place.append(element("h1", "Find"), photo.panel, results);
  fromAddress(photo);
  return takePasted((file) => photo.take(file));
}

export const page = { pattern: "/find", title: () => "Find", show };
