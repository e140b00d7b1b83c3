// The script of the front page: finds on which days' pages a person is.

import { element, one } from "../../js/dom.js";
import { startTheme } from "../../js/theme.js";

/** People that are listed at most, and pages of each. */
const MOST_PEOPLE = 50;
const MOST_PAGES = 62;

/**
 * @typedef {object} Page
 * @property {string} page Its address, relative to this one.
 * @property {string} label
 * @property {number[][]} ranges First and last id of people who are on it.
 */

const data = JSON.parse(one("#search-data").textContent);

/** @type {Page[]} */
const pages = data.pages.map(({ page, label, people }) => {
  const ranges = people.split(",").map((range) => range.split("-").map(Number));
  return { page, label, ranges: ranges.map(([first, last]) => [first, last === undefined ? first : last]) };
});

/** @type {[number, string][]} */
const names = Object.entries(data.names).map(([id, name]) => [Number(id), name]);
const last = Math.max(0, ...pages.map(({ ranges }) => ranges[ranges.length - 1][1]));

/** Whether a page has somebody: its ranges are sorted. */
function holds({ ranges }, id) {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle][1] < id) low = middle + 1;
    else high = middle;
  }
  return low < ranges.length && ranges[low][0] <= id;
}

/** Ids of people whom a text names, sorted: numbers, ranges of numbers, parts of names. */
function idsOf(text) {
  const found = new Set();
  for (const word of text.toLowerCase().split(",").map((part) => part.trim()).filter(Boolean)) {
    const range = /^(?:person\s*)?#?(\d+)(?:\s*[-–]\s*(\d+))?$/.exec(word);
    const end = range ? Math.min(last, Number(range[2] || range[1])) : -1;
    for (let id = range ? Number(range[1]) : 0; id <= end && found.size <= MOST_PEOPLE; id++) found.add(id);
    for (const [id, name] of names) if (name.toLowerCase().includes(word)) found.add(id);
  }
  return [...found].toSorted((a, b) => a - b);
}

function lineOf(id) {
  const name = data.names[id];
  const of = pages.filter((page) => holds(page, id));
  const links = of.slice(0, MOST_PAGES).map(({ page, label }) => {
    const link = element("a", label);
    link.href = `${page}#p${id}`;
    return link;
  });
  const more = of.length > links.length ? `and ${of.length - links.length} more` : null;
  return element("li", element("b", name === undefined ? `Person ${id}` : `${name} (${id})`), ...links, more);
}

function search() {
  const text = one("#find").value;
  const ids = idsOf(text).filter((id) => pages.some((page) => holds(page, id)));
  const shown = ids.slice(0, MOST_PEOPLE);
  one("#found").hidden = !text.trim();
  one("#people-found").replaceChildren(...shown.map(lineOf));
  const count = ids.length > shown.length ? `the first ${shown.length}` : `${ids.length} found`;
  one("#count").textContent = text.trim() ? count : "";
}

/** Enter opens the first page of the only person that is found. */
function open(event) {
  const links = document.querySelectorAll("#people-found a");
  if (event.key === "Enter" && document.querySelectorAll("#people-found li").length === 1 && links.length) {
    links[0].click();
  }
}

document.documentElement.classList.add("on"); // shows what needs a script
startTheme();
one("#find").addEventListener("input", search);
one("#find").addEventListener("keydown", open);
search();
