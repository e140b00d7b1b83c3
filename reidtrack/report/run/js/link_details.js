// Why a visit was joined: both sides with their pictures, the reasons, and the commands that correct it.

import { commandLine } from "../../js/command_line.js";
import { element } from "../../js/dom.js";
import { capitalise, formatPercent } from "../../js/format.js";
import { mergeCommand, splitCommand } from "./commands.js";
import { cameraOf, nameOf, picturesOf, run, seenAtOnce, timesOf, visits } from "./data.js";
import { colourOf } from "./people.js";
import { selectVisit } from "./selection.js";

/** Others that are named as nearly the same person. */
const MOST_JOINS = 2;

function pictureStrip(name, most) {
  const copies = picturesOf(name)
    .slice(0, most)
    .map((image) => {
      const copy = /** @type {HTMLImageElement} */ (image.cloneNode());
      copy.removeAttribute("data-v");
      return copy;
    });
  return element("span.faces", ...(copies.length ? copies : [element("i.blank", "no picture")]));
}

/**
 * One side of a link: pictures, and where and when; a click shows the visit.
 *
 * @param {string} role What it is in the link.
 * @param {string} name Of the visit.
 * @param {number} most Pictures.
 * @param {string} [who] What the person is called.
 */
export function linkSide(role, name, most, who) {
  const words = [who, cameraOf(name).name, timesOf(name)].filter(Boolean).map((word) => element("span", word));
  const button = element("button.side", element("b", role), pictureStrip(name, most), ...words);
  button.title = "Show this visit";
  button.dataset.v = name;
  button.style.setProperty("--c", colourOf(visits[name].person));
  button.addEventListener("click", () => selectVisit(name));
  return button;
}

/** This visit, the one it was joined to, and the runner-up, side by side. */
export function linkSides(name, most) {
  const { link } = visits[name];
  const sides = element("div.sides", linkSide("this visit", name, most));
  if (link?.to) sides.append(linkSide("joined to", link.to, most));
  else if (link) sides.append(element("span.side", element("b", "joined to"), element("span", link.toText)));
  if (link?.rival) sides.append(linkSide("runner-up", link.rival, most, nameOf(visits[link.rival].person)));
  return sides;
}

/** @returns {[string, string | Node]} Term and value. */
function certaintyOf(link) {
  if (link.sure === "said") return ["Certainty", element("span.sure.said", "as you said")];
  if (link.probability !== undefined) return ["Probability", formatPercent(link.probability)];
  return ["Certainty", element(`span.sure.${link.sure}`, link.sure)];
}

/** Time between the two visits of a link; null where a term says it, or the other visit is not known. */
function timeBetween(name) {
  const { link, from, to } = visits[name];
  const earlier = visits[link.to];
  if (!earlier || (link.terms || []).some(([term]) => term === "travel time")) return null;
  if (from >= earlier.to) return `${(from - earlier.to).toFixed(1)} s`;
  const shared = Math.min(earlier.to, to) - Math.max(from, earlier.from);
  return `seen at once for ${shared.toFixed(1)} s`;
}

function runnerUpOf(link) {
  if (link.margin === null) return "nobody else";
  const margin = `${Math.abs(link.margin).toFixed(2)} ${link.margin < 0 ? "nearer" : "farther"}`;
  if (!link.rival) return link.rivalText ? `${margin}: ${link.rivalText}` : margin;
  return `${margin}: ${nameOf(visits[link.rival].person)}, ${cameraOf(link.rival).name} ${timesOf(link.rival)}`;
}

/** What other thresholds would change for a visit and its person. */
function otherThresholds(name) {
  const { link, person } = visits[name];
  const lines = [];
  if (link?.parts !== undefined) lines.push(`breaks at ${link.parts.toFixed(2)} and below`);
  for (const [other, at] of (run.people[person].joins || []).slice(0, MOST_JOINS)) {
    lines.push(`would also join ${nameOf(other)} at ${at.toFixed(2)} and above`);
  }
  if (link && !lines.length && run.tried) {
    lines.push(`no change from ${run.tried[0].toFixed(2)} to ${run.tried[1].toFixed(2)}`);
  }
  if (lines.length && run.threshold !== null) lines[0] += ` (here ${run.threshold.toFixed(2)})`;
  return lines.join("; ");
}

/** The reasons of a visit's link as a list of terms and values. */
export function linkReasons(name) {
  const { link } = visits[name];
  const list = element("dl.reasons");
  const add = (term, value, kind = "div") => list.append(element(kind, element("dt", term), element("dd", value)));
  if (!link) {
    add("Joined to", "nobody: the first visit");
    return list;
  }
  add(...certaintyOf(link));
  add("Distance", link.distance.toFixed(2));
  for (const [term, value] of link.terms || []) add(capitalise(term), value);
  const between = timeBetween(name);
  if (between !== null) add("In between", between);
  add("Runner-up", runnerUpOf(link), "div.long");
  const changes = otherThresholds(name);
  if (changes) add("Other thresholds", changes, "div.long");
  return list;
}

/** Commands that undo a visit's link, or join the runner-up as well. */
export function linkRemedies(name) {
  const { link, person } = visits[name];
  const remedies = [];
  if (link) remedies.push(commandLine("Not the same person?", splitCommand(name)).line);
  const rival = link?.rival && visits[link.rival].person;
  if (rival && rival !== person && !seenAtOnce(rival, person)) {
    remedies.push(commandLine(`${capitalise(nameOf(rival))} as well?`, mergeCommand(person, rival)).line);
  }
  return remedies;
}
