// What the page shows of each person: a lane of the timeline, a row of the table, a card, paths on the floor plan.

import { all, one } from "../../js/dom.js";

/**
 * @typedef {object} PersonRows
 * @property {number} id
 * @property {string} name In lower case; empty where there is none.
 * @property {number} first Time of the first box, seconds since the run's origin.
 * @property {number} seen Seconds in view.
 * @property {number} doubt Rank by the least certain link, 0 the least certain.
 * @property {number[]} cameras Indices.
 * @property {number[][]} visits First and last second of each.
 * @property {HTMLElement} lane
 * @property {HTMLElement} row
 * @property {HTMLElement} card
 * @property {SVGElement | null} walk
 * @property {boolean} found Whether the search finds the person.
 * @property {boolean} inSpan Whether the person was seen in the stretch of time that is shown.
 */

/** @returns {PersonRows} */
function readPerson(lane) {
  const { id, name, first, seen, doubt, cameras } = lane.dataset;
  const endsOf = (bar) => ["--s", "--e"].map((end) => Number(bar.style.getPropertyValue(end)));
  return {
    id: Number(id),
    name: (name || "").toLowerCase(),
    first: Number(first),
    seen: Number(seen),
    doubt: Number(doubt),
    cameras: cameras.split(" ").map(Number),
    visits: all(".bar", lane).map(endsOf),
    lane,
    row: one(`#t${id}`),
    card: one(`#p${id}`),
    walk: one(`#plan g[data-id="${id}"]`),
    found: true,
    inSpan: true,
  };
}

/** In the order in which they are shown. */
export const people = all(".lane").map(readPerson);

const byId = new Map(people.map((person) => [person.id, person]));

/** @param {number} id @returns {PersonRows | undefined} */
export const rowsOf = (id) => byId.get(id);

/** @param {number} id @returns {string} CSS colour; empty where the person has no lane. */
export const colourOf = (id) => byId.get(id)?.lane.style.getPropertyValue("--c") || "";

/** Says how many people the search finds, and how many of them were seen in the stretch of time that is shown. */
export function showCount() {
  const found = people.filter((person) => person.found);
  const here = found.filter((person) => person.inSpan);
  const of = found.length === people.length ? "" : `${found.length} of `;
  const now = here.length === found.length ? "" : `, ${here.length} at this time`;
  one("#count").textContent = `${of}${people.length} people${now}`;
}
