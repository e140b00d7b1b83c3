// What the page knows about the run: the data block that report/run/script_data.py writes.

import { all, one } from "../../js/dom.js";
import { formatClock, formatTime } from "../../js/format.js";

/**
 * @typedef {object} Link Why a visit was joined to an earlier one.
 * @property {string | null} to Name of the visit it was joined to; null where nobody has that one any more.
 * @property {string} toText The same in words.
 * @property {number} distance
 * @property {number | null} margin How much farther the runner-up is; null where there is nobody else.
 * @property {"clear" | "fair" | "close" | "said"} sure
 * @property {string} [rival] Name of the runner-up's visit.
 * @property {string} [rivalText] The same in words.
 * @property {number} [probability]
 * @property {[string, string][]} [terms] Names and values of what place and time say.
 * @property {number} [parts] Highest lower threshold at which the link breaks.
 */

/**
 * @typedef {object} Visit
 * @property {number} person Id.
 * @property {number} camera Index.
 * @property {number} track Track id within the camera.
 * @property {number} from Seconds since the run's origin.
 * @property {number} to
 * @property {Link} [link]
 */

/**
 * @typedef {object} Person
 * @property {string} label
 * @property {number} visits Number of visits.
 * @property {string} [name]
 * @property {string} [gallery] Who it is in the gallery.
 * @property {[number, number][]} [joins] Ids of people it would be one with, each from which threshold on.
 */

/**
 * @typedef {object} Camera
 * @property {string} name
 * @property {string} word The name as a word of a command.
 * @property {string | null} video
 * @property {number} first Time of the video's first frame, seconds since the run's origin.
 */

/**
 * @typedef {object} RunData
 * @property {string} folder The run's folder as a word of a command.
 * @property {number | null} threshold The one in use.
 * @property {[number, number] | null} tried Least and largest threshold tried.
 * @property {Camera[]} cameras
 * @property {Record<string, Person>} people By id.
 * @property {Record<string, Visit>} visits By name: "v3-1" is the first visit of person 3.
 * @property {number} said Number of links that a person vouched for.
 * @property {string[]} doubts Names of visits with links, the least certain first.
 * @property {[number, number, number][]} near Ids of two people, and the threshold from which on they would be one.
 * @property {[number, number, string][]} [clock] On a page of a day: from which second on, how many seconds clocks
 *   are ahead, and what their zone is called.
 */

/** @type {RunData} */
export const run = JSON.parse(one("#run-data").textContent);
export const { visits } = run;

/** A moment as text: what clocks showed on a page of a day, else the time since the run's origin. */
export const momentAt = (time, decimals) =>
  run.clock ? formatClock(run.clock, time, decimals) : formatTime(time, decimals);

const pictures = new Map();
for (const image of all("#cards img")) {
  const name = image.dataset.v;
  pictures.set(name, [...(pictures.get(name) || []), image]);
}

/** @param {string} name Of a visit. @returns {HTMLImageElement[]} */
export const picturesOf = (name) => pictures.get(name) || [];

/** @param {string} name Of a visit. */
export const personOf = (name) => run.people[visits[name].person];

/** @param {string} name Of a visit. */
export const cameraOf = (name) => run.cameras[visits[name].camera];

/** @param {string} name Of a visit. */
export const timesOf = (name) => `${momentAt(visits[name].from, 1)}–${momentAt(visits[name].to, 1)}`;

/** @param {number} id Of a person. */
export function nameOf(id) {
  const { name } = run.people[id];
  return name === undefined ? `person ${id}` : name;
}

/** @param {number} id Of a person. @returns {string[]} Names of its visits. */
export const visitsOf = (id) => Array.from({ length: run.people[id].visits }, (_, index) => `v${id}-${index + 1}`);

/** Name of the visit before (-1) or after (1) a visit of the same person; undefined where there is none. */
export function neighbourOf(name, by) {
  const [person, number] = name.split("-");
  const neighbour = `${person}-${Number(number) + by}`;
  return visits[neighbour] && neighbour;
}

/** Whether two people are in one camera's sight at once: then they cannot be one. */
export function seenAtOnce(id, other) {
  const theirs = visitsOf(other).map((name) => visits[name]);
  const meets = (mine) =>
    theirs.some((visit) => visit.camera === mine.camera && visit.from <= mine.to && visit.to >= mine.from);
  return visitsOf(id).some((name) => meets(visits[name]));
}

/** The longest visit of a person, one with a picture if there is any. */
export function bestVisit(id) {
  const worth = (name) => visits[name].to - visits[name].from + (pictures.has(name) ? 1e6 : 0);
  return visitsOf(id).reduce((best, name) => (worth(name) > worth(best) ? name : best));
}
