// Which page an address means: each page is a module of its own that says so in `pattern`.

import { one } from "../../report/js/dom.js";

/**
 * @typedef {object} App What a page is given.
 * @property {any} user Who uses it: name, role, cameras.
 * @property {(href: string, replace?: boolean) => void} go Shows another page.
 * @property {(text: string, wrong?: boolean) => void} say Tells something in the corner.
 * @property {(role: string) => boolean} may Whether the user has a role, or a higher one.
 */

/**
 * @typedef {object} Page A page of the application, one file in pages/.
 * @property {string} pattern Address, with `:name` for what varies: "/runs/:run".
 * @property {(params: Record<string, string>) => string} title
 * @property {(place: HTMLElement, params: Record<string, string>, app: App) => Promise<(() => void) | void>} show
 *   Fills the place; what it returns is called when the page is left.
 * @property {(params: Record<string, string>) => [string, string][]} [links] Names and addresses beside it.
 */

const ROLES = ["viewer", "reviewer", "admin"];

/** What varies in an address, by name; null where it does not fit the pattern. */
export function match(pattern, address) {
  const wanted = pattern.split("/");
  const parts = address.split("/");
  if (wanted.length !== parts.length) return null;
  const params = {};
  for (const [index, name] of wanted.entries()) {
    if (name.startsWith(":")) params[name.slice(1)] = decodeURIComponent(parts[index]);
    else if (name !== parts[index]) return null;
  }
  return params;
}

function say(text, wrong = false) {
  const line = document.createElement("p");
  line.textContent = text;
  line.classList.toggle("wrong", wrong);
  one("#said").append(line);
  setTimeout(() => line.remove(), wrong ? 9000 : 5000);
}

function drawNav(page, params) {
  const own = page.links ? page.links(params) : [];
  const links = [["Runs", "/"], ...own, ["Live", "/live"], ["Find", "/find"], ["Compare", "/compare"], ["People", "/people"], ["Interface", "/interface"]];
  const made = links.map(([name, href]) => {
    const link = document.createElement("a");
    link.textContent = name;
    link.href = href;
    if (new URL(link.href).pathname === location.pathname) link.setAttribute("aria-current", "page");
    return link;
  });
  one("#nav").replaceChildren(...made);
}

/** The page of the present address and what varies in it; the first page where none fits. */
function findPage(pages) {
  for (const page of pages) {
    const params = match(page.pattern, location.pathname);
    if (params) return { page, params };
  }
  return { page: pages[0], params: {} };
}

/** Has links of ours show their page without loading the document anew. */
function followLinks(go) {
  document.addEventListener("click", (event) => {
    const link = /** @type {Element} */ (event.target).closest("a[href^='/']");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.getAttribute("href").startsWith("/api/")) return;
    event.preventDefault();
    go(link.getAttribute("href"));
  });
}

/**
 * Shows pages as the address says, from now on.
 *
 * @param {Page[]} pages
 * @param {any} user
 * @param {(error: Error) => void} failed Told of what a page cannot do.
 */
export function startRouter(pages, user, failed) {
  let leave = null;
  let turn = 0;
  const app = { user, say, go, may: (role) => ROLES.indexOf(user.role) >= ROLES.indexOf(role) };

  /** Pages that were left before they were ready are thrown away. */
  async function show() {
    const mine = ++turn;
    leave?.();
    leave = null;
    const { page, params } = findPage(pages);
    const place = document.createElement("div");
    document.title = `${page.title(params)} – reidtrack`;
    drawNav(page, params);
    try {
      const left = await page.show(place, params, app);
      if (mine !== turn) return left?.();
      leave = left;
      return one("#page").replaceChildren(place);
    } catch (error) {
      return mine === turn ? failed(error) : undefined;
    }
  }

  function go(href, replace = false) {
    history[replace ? "replaceState" : "pushState"](null, "", href);
    show();
    one("#page").focus();
  }

  followLinks(go);
  addEventListener("popstate", show);
  show();
  return app;
}
