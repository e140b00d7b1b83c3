// The commands that correct a run. They name its folder by where the page lies, where that is known.

import { shellWord } from "../../js/command_line.js";
import { cameraOf, run, visits } from "./data.js";

/** The run's folder as a word of a command. */
export function folder() {
  if (location.protocol !== "file:") return run.folder;
  const below = run.clock ? /\/[^/]*\/[^/]*$/ : /\/[^/]*$/; // pages of days lie in a folder of theirs
  const path = decodeURIComponent(location.pathname).replace(below, "").replace(/^\/(?=[A-Za-z]:)/, "");
  return shellWord(path || "/");
}

/** @param {string} name Of a visit. @param {number} [at] Moment from which on it is somebody else, seconds. */
export function splitCommand(name, at) {
  const moment = at === undefined ? "" : ` --at ${at.toFixed(2)}`;
  return `reidtrack split ${folder()} ${cameraOf(name).word} ${visits[name].track}${moment}`;
}

/** @param {number} id Of a person. */
export const lockCommand = (id) => `reidtrack lock ${folder()} ${id}`;

/** @param {string} name Of a visit. */
export function ignoreCommand(name) {
  return `reidtrack ignore ${folder()} ${shellWord(`${cameraOf(name).name} ${visits[name].track}`)}`;
}

/** @param {...number} ids Of people. */
export const mergeCommand = (...ids) => `reidtrack merge ${folder()} ${ids.join(" ")}`;

/** @param {number} id Of a person. @param {string} text The name. */
export const nameCommand = (id, text) => `reidtrack name ${folder()} ${id} ${text ? shellWord(text) : "NAME"}`;
