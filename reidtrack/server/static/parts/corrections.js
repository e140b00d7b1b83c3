// Saying that something is wrong, and taking it back; the server settles identities anew at once.

import { path, send } from "../api.js";

/**
 * Says something of a run.
 *
 * @param {import("../router.js").App} app
 * @param {string} run
 * @param {{verb: string, who: string[], at_s?: number, name?: string}} said
 * @returns {Promise<any>} The answer; null where it was refused, which the user is told.
 */
export async function correct(app, run, said) {
  return settled(app, () => send("POST", path("runs", run, "corrections"), said));
}

/** Takes the last thing back that was said of a run. */
export async function undo(app, run) {
  return settled(app, () => send("DELETE", path("runs", run, "corrections", "last")));
}

async function settled(app, act) {
  try {
    const done = await act();
    const lines = [...done.removed.map((line) => `− ${line}`), ...done.added.map((line) => `+ ${line}`)];
    app.say(`${lines.join("; ")} – settled anew in ${done.seconds.toFixed(1)} s`);
    return done;
  } catch (error) {
    app.say(error.message, true);
    return null;
  }
}
