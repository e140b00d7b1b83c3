// The sheet of links to look at first: the least certain, and pairs of people who were nearly joined.

import { commandLine } from "../../js/command_line.js";
import { all, element, one } from "../../js/dom.js";
import { formatPercent } from "../../js/format.js";
import { mergeCommand } from "./commands.js";
import { bestVisit, nameOf, personOf, run, seenAtOnce, visits } from "./data.js";
import { linkReasons, linkRemedies, linkSide, linkSides } from "./link_details.js";
import { colourOf, rowsOf } from "./people.js";

/** Links on the sheet: at least FEWEST, and MOST of those that are not clear, until more are asked for. */
const FEWEST = 6;
const MOST = 12;

const NEXT_STEP =
  " A picture shows its visit in the video; each command corrects the run, settles everything else around it, " +
  "and writes this page anew.";

/** How many links were asked for; null until the button was pressed. */
let asked = null;

function doubtfulLink(name) {
  const { link, person } = visits[name];
  const certainty = link.probability === undefined ? link.sure : `${link.sure}, ${formatPercent(link.probability)}`;
  const sure = element(`span.sure.${link.sure}`, certainty);
  const title = element("h3", element("i.dot"), personOf(name).label, sure);
  const article = element("article", title, linkSides(name, 1), linkReasons(name), ...linkRemedies(name));
  article.style.setProperty("--c", colourOf(person));
  article.dataset.v = name;
  return article;
}

function nearMiss([id, other, threshold]) {
  const from = element("small", `one person at ${threshold.toFixed(2)} and above`);
  const title = element("h3", element("i.dot"), `${run.people[id].label} and ${nameOf(other)}`, from);
  const sides = [id, other].map((person) => linkSide(nameOf(person), bestVisit(person), 1));
  const { line } = commandLine("The same person?", mergeCommand(id, other));
  const article = element("article", title, element("div.sides", ...sides), line);
  article.style.setProperty("--c", colourOf(id));
  return article;
}

/** @param {number} links That could be shown. @param {number} unclear How many of them are not clear. */
function introduction(links, unclear) {
  if (!run.doubts.length && run.said) return "You vouched for every link.";
  if (!run.doubts.length) return "No visit was joined to another, so there is nothing to doubt.";
  if (!links) return "None of these people has a link to doubt.";
  if (unclear) return `${unclear} of ${links} links are not clear.${NEXT_STEP}`;
  return `All ${links} links are clear; these are the least certain.${NEXT_STEP}`;
}

const isFound = (id) => rowsOf(id)?.found !== false;

/** Draws the sheet for the people whom the search finds. */
export function showDoubts() {
  const wanted = run.doubts.filter((name) => isFound(visits[name].person));
  const unclear = wanted.filter((name) => visits[name].link.sure !== "clear").length;
  const most = asked ?? Math.min(MOST, Math.max(FEWEST, unclear));
  const near = run.near
    .filter(([id, other]) => (isFound(id) || isFound(other)) && !seenAtOnce(id, other))
    .slice(0, Math.max(FEWEST, most));
  one("#doubtful").textContent = introduction(wanted.length, unclear);
  one("#doubts").replaceChildren(...wanted.slice(0, most).map(doubtfulLink));
  one("#nears").replaceChildren(...near.map(nearMiss));
  one("#nearly").hidden = !near.length;
  one("#more").hidden = wanted.length <= most;
  one("#more").textContent = `show more (${wanted.length - most} left)`;
}

/** Wires the button for more links. */
export function startDoubts() {
  one("#more").addEventListener("click", () => {
    asked = all("#doubts article").length + MOST;
    showDoubts();
  });
}
