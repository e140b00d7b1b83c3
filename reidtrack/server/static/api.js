// The interface, as pages use it. What goes wrong is an Error whose message is for people.

const BASE = "/api/v1";
let csrf = "";

/** An answer that is a refusal. */
export class Refused extends Error {
  /** @param {number} status @param {{what: string, expected?: string, hint?: string}} said */
  constructor(status, said) {
    const expected = said.expected ? ` (expected ${said.expected})` : "";
    super(`${said.what}${expected}${said.hint ? `; ${said.hint}` : ""}`);
    this.status = status;
  }
}

/** @param {(string | number)[]} parts Of a path, as they are. @returns {string} */
export const path = (...parts) => `/${parts.map((part) => encodeURIComponent(part)).join("/")}`;

/** Address of something below the interface, with parameters. */
export function address(place, parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null);
  const query = new URLSearchParams(given.map(([key, value]) => [key, String(value)]));
  return `${BASE}${place}${given.length ? `?${query}` : ""}`;
}

async function answer(response) {
  if (response.status === 204) return null;
  const said = await response.json().catch(() => ({}));
  if (response.ok) return said;
  throw new Refused(response.status, said.error || { what: `the server answered ${response.status}` });
}

/** @param {string} place @param {Record<string, unknown>} [parameters] */
export async function get(place, parameters) {
  return answer(await fetch(address(place, parameters), { headers: { accept: "application/json" } }));
}

/** @param {"POST" | "DELETE"} method @param {string} place @param {unknown} [body] */
export async function send(method, place, body) {
  const request = { method, headers: { accept: "application/json", "x-csrf-token": csrf } };
  if (body !== undefined) {
    request.headers["content-type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  return answer(await fetch(address(place), request));
}

/** Sends a file; `told` is called with the share that has gone, 0 to 1. */
export function upload(file, told) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open("PUT", address(path("uploads", file.name)));
    request.setRequestHeader("x-csrf-token", csrf);
    request.upload.addEventListener("progress", (event) => told(event.loaded / event.total));
    request.addEventListener("error", () => failed(new Error("the connection broke")));
    request.addEventListener("load", () => {
      const said = JSON.parse(request.responseText || "{}");
      if (request.status === 200) done(said);
      else failed(new Refused(request.status, said.error || { what: `the server answered ${request.status}` }));
    });
    request.send(file);
  });
}

/** Who uses the page; null where nobody has logged in. */
export async function session() {
  try {
    return remember(await get("/session"));
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return null;
    throw error;
  }
}

/** @param {string} name @param {string} password */
export const logIn = async (name, password) => remember(await send("POST", "/session", { name, password }));

function remember(user) {
  csrf = user.csrf;
  return user;
}

/** Every entry of a list that comes in pages. */
export async function all(place, parameters = {}) {
  const page = await get(place, parameters);
  if (page.next === null) return page;
  const rest = await all(place, { ...parameters, cursor: page.next });
  const people = page.people && { people: { ...page.people, ...rest.people } };
  return { ...rest, ...people, items: [...page.items, ...rest.items] };
}
