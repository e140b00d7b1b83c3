// The beginning: who uses it, then the page of the address. A new page is a file in pages/ and a line in PAGES.

import { element, one } from "../../report/js/dom.js";
import { startTheme } from "../../report/js/theme.js";
import { Refused, send, session } from "./api.js";
import { page as compare } from "./pages/compare.js";
import { page as find } from "./pages/find.js";
import { page as live } from "./pages/live.js";
import { page as login } from "./pages/login.js";
import { page as measure } from "./pages/measure.js";
import { page as people } from "./pages/people.js";
import { page as person } from "./pages/person.js";
import { page as reference } from "./pages/reference.js";
import { day as reportOfDay, front as report } from "./pages/report.js";
import { page as review } from "./pages/review.js";
import { page as run } from "./pages/run.js";
import { page as runs } from "./pages/runs.js";
import { button } from "./parts/make.js";
import { startRouter } from "./router.js";

const PAGES = [runs, run, person, review, measure, live, find, compare, people, reference, report, reportOfDay];

function showWho(user) {
  if (user.name === "local") return;
  const out = button("log out", async () => {
    await send("DELETE", "/session");
    location.assign("/");
  });
  one("#who").replaceChildren(`${user.name}, ${user.role}`, out);
}

function failed(error) {
  if (error instanceof Refused && error.status === 401) return location.reload();
  const words = error instanceof Refused ? error.message : `This page cannot be shown: ${error.message}`;
  one("#page").replaceChildren(element("h1", "Not to be seen"), element("p", words));
  return undefined;
}

async function start() {
  startTheme();
  const user = await session();
  if (!user) {
    const place = element("div");
    one("#page").replaceChildren(place);
    await login.show(place);
    return;
  }
  showWho(user);
  startRouter(PAGES, user, failed);
}

start().catch(failed);
