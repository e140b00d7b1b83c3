// Search and order of people, and narrow rows for many of them.

import { all, one } from "../../js/dom.js";
import { showDoubts } from "./doubts.js";
import { people, showCount } from "./people.js";

/** More people than this start with narrow rows. */
const MANY_PEOPLE = 40;

const cameraNames = all(".strip .cam").map((label) => label.textContent.toLowerCase());

const orders = {
  id: (a, b) => a.id - b.id,
  first: (a, b) => a.first - b.first || a.id - b.id,
  cameras: (a, b) => b.cameras.length - a.cameras.length || a.id - b.id,
  seen: (a, b) => b.seen - a.seen || a.id - b.id,
  doubt: (a, b) => a.doubt - b.doubt,
};

/**
 * Whom a search finds: ids and ranges widen the choice, names of people and cameras narrow it.
 *
 * @param {string} text
 * @returns {(person: import("./people.js").PersonRows) => boolean}
 */
function matcher(text) {
  const ranges = [];
  const names = [];
  for (const word of text.toLowerCase().split(/[,\s]+/).filter(Boolean)) {
    const range = /^#?(\d+)(?:[-–](\d+))?$/.exec(word);
    if (range && !cameraNames.includes(word)) ranges.push([Number(range[1]), Number(range[2] || range[1])]);
    else names.push(word);
  }
  const inRange = ({ id }) => !ranges.length || ranges.some(([low, high]) => id >= low && id <= high);
  const isNamed = (person) => (name) =>
    person.name.includes(name) || person.cameras.some((camera) => cameraNames[camera].includes(name));
  return (person) => inRange(person) && names.every(isNamed(person));
}

function search() {
  const matches = matcher(one("#find").value);
  for (const person of people) {
    person.found = matches(person);
    for (const part of [person.lane, person.row, person.card, person.walk]) {
      part?.classList.toggle("none", !person.found);
    }
  }
  showCount();
  showDoubts();
}

function sort() {
  if (!people.length) return;
  people.sort(orders[one("#sort").value]);
  for (const part of ["lane", "row", "card"]) {
    people[0][part].parentNode.append(...people.map((person) => person[part]));
  }
}

function setNarrow(narrow) {
  document.documentElement.classList.toggle("dense", narrow);
  one("#dense").setAttribute("aria-pressed", narrow);
}

/** Wires the controls; begins with what the browser brought back of them, as it may after a reload. */
export function startSearch() {
  setNarrow(people.length > MANY_PEOPLE);
  one("#dense").addEventListener("click", () => setNarrow(!document.documentElement.classList.contains("dense")));
  one("#find").addEventListener("input", search);
  one("#sort").addEventListener("change", sort);
  search();
  sort();
}
