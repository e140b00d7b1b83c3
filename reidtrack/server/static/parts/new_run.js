// The form that starts a run: recordings that the server may read, or that are sent now, and settings that differ.

import { element } from "../../../report/js/dom.js";
import { all, send, upload } from "../api.js";
import { button, field, input } from "./make.js";
import { settingsForm } from "./settings.js";

function sourcePicker(recordings) {
  const list = element("select");
  list.multiple = true;
  list.size = Math.min(8, Math.max(3, recordings.length));
  for (const { source } of recordings) list.append(new Option(source, source));
  return list;
}

async function sendOne(app, file, list, bar) {
  try {
    const { source } = await upload(file, (share) => (bar.value = share));
    list.append(new Option(source, source, true, true));
  } catch (error) {
    app.say(`${file.name}: ${error.message}`, true);
  }
}

function uploader(app, list) {
  const files = input("file", { multiple: true, accept: "video/*" });
  const bar = element("progress");
  bar.hidden = true;
  bar.setAttribute("aria-label", "sent so far");
  files.addEventListener("change", async () => {
    bar.hidden = false;
    // One after the other: each has the whole line to itself.
    await [...files.files].reduce((before, file) => before.then(() => sendOne(app, file, list, bar)), Promise.resolve());
    bar.hidden = true;
    files.value = "";
  });
  return element("div", files, bar);
}

/** @param {import("../router.js").App} app @param {() => void} started */
export async function newRunForm(app, started) {
  const { items } = await all("/recordings");
  const name = input("text", { required: true, pattern: "[\\w][\\w.\\- ]*" });
  const list = sourcePicker(items);
  const cameras = input("text", { placeholder: "hall, door" });
  const settings = await settingsForm();
  const form = element("form.panel");
  const start = element("button.main", "Start");
  start.type = "submit";
  form.append(
    field("Name of the run", name),
    field("Recordings, one for each camera", list),
    field("Or send some", uploader(app, list)),
    field("Names of the cameras, if not those of the files", cameras),
    settings.panel,
    element("div.row", start, button("Close", () => form.remove())),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const names = cameras.value.split(",").map((word) => word.trim());
    const sources = [...list.selectedOptions].map((option) => option.value);
    const asked = { name: name.value, sources, settings: settings.changed() };
    if (names.some(Boolean)) asked.cameras = names;
    try {
      await send("POST", "/runs", asked);
      form.remove();
      started();
    } catch (error) {
      app.say(error.message, true);
    }
  });
  return form;
}
