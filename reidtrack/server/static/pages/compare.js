// Compare: two photos, how far apart they look, and how likely both are one person.

import { element } from "../../../report/js/dom.js";
import { capitalise, formatPercent } from "../../../report/js/format.js";
import { send } from "../api.js";
import { terms } from "../parts/make.js";
import { Photo, takePasted } from "../parts/photo.js";

function answer(said) {
  const facts = terms("dl.facts", [
    ["distance, 0 to 2", said.distance.toFixed(2)],
    ["probability", said.probability === null ? null : formatPercent(said.probability)],
  ]);
  const even = "The probability holds where one person is as likely as two before anybody looks at them.";
  const basis = said.probability === null ? "" : `${even} Measured on ${said.measured}.`;
  return [element("h2", capitalise(said.meaning)), facts, element("p.hint", basis)];
}

/** @type {import("../router.js").Page["show"]} */
async function show(place, _, app) {
  const result = element("section");
  result.setAttribute("aria-live", "polite");
  let turn = 0;
  const look = async () => {
    const mine = ++turn;
    result.replaceChildren();
    const [first, second] = photos.map((photo) => photo.picture);
    if (!first || !second) return;
    result.replaceChildren(element("p.mute", "comparing…"));
    try {
      const said = await send("POST", "/compare", { first, second });
      if (mine === turn) result.replaceChildren(...answer(said));
    } catch (error) {
      if (mine === turn) result.replaceChildren(element("p", error.message));
    }
  };
  const photos = ["One photo: choose, drop or paste it", "Another photo"].map((label) => new Photo(app, label, look));
  place.append(element("h1", "Compare"), element("div.pair", ...photos.map((photo) => photo.panel)), result);
  return takePasted((file) => (photos.find((photo) => !photo.source) ?? photos[1]).take(file));
}

export const page = { pattern: "/compare", title: () => "Compare", show };
