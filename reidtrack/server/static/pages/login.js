// Name and password.

import { element } from "../../../report/js/dom.js";
import { logIn } from "../api.js";
import { field, input } from "../parts/make.js";

/** @param {HTMLElement} place */
async function show(place) {
  const name = input("text", { autocomplete: "username", required: true });
  const password = input("password", { autocomplete: "current-password", required: true });
  const enter = element("button.main", "Log in");
  enter.type = "submit";
  const wrong = element("p.hint");
  wrong.setAttribute("role", "alert");
  const form = element("form.login", element("h1", "Log in"), field("Name", name), field("Password", password), enter, wrong);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    enter.disabled = true;
    try {
      await logIn(name.value, password.value);
      location.reload();
    } catch (error) {
      wrong.textContent = error.message;
      enter.disabled = false;
      password.select();
    }
  });
  place.replaceChildren(form);
}

/** Shown whatever the address, while nobody has logged in. */
export const page = { pattern: "/login", title: () => "Log in", show };
