// Commands for a terminal, with a button that copies them.

import { element } from "./dom.js";

const SAID_MS = 1500;

/**
 * A word as a POSIX shell takes it, in quotes where it needs them.
 *
 * @param {string} word
 */
export const shellWord = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\"'\"'")}'`);

/** Copies by way of a selected text field, for pages that may not use the clipboard. */
function copyBySelection(text, button) {
  const area = element("textarea");
  area.value = text;
  button.after(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

function copy(text, button) {
  const say = (word) => {
    button.textContent = word;
    setTimeout(() => {
      button.textContent = "copy";
    }, SAID_MS);
  };
  const copyPlainly = () => say(copyBySelection(text, button) ? "copied" : "select it");
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(() => say("copied"), copyPlainly);
  else copyPlainly();
}

/**
 * A question, the command that answers it, and a button that copies the command.
 *
 * @param {string | (string | Node)[]} question
 * @param {string} command
 * @returns {{line: HTMLElement, setCommand: (changed: string) => void}}
 */
export function commandLine(question, command) {
  const code = element("code");
  const button = element("button.copy", "copy");
  const setCommand = (changed) => {
    code.textContent = changed;
    button.setAttribute("aria-label", `Copy: ${changed}`);
  };
  setCommand(command);
  button.addEventListener("click", () => copy(code.textContent, button));
  return { line: element("div.command", element("span", ...[question].flat()), code, button), setCommand };
}
