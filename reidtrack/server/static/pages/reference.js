// The interface for programs, as the server describes it (OpenAPI).

import { element } from "../../../report/js/dom.js";
import { address, get } from "../api.js";
import { link } from "../parts/make.js";

function row(place, method, operation) {
  const parameters = operation.parameters.map(({ name, required }) => (required ? name : `${name}?`)).join(", ");
  const body = operation.requestBody ? " and a body" : "";
  const cells = [element("code", `${method.toUpperCase()} ${place}`), operation.summary, `${parameters}${body}`, operation.description];
  return element("tr", ...cells.map((cell) => element("td", cell)));
}

/** @type {import("../router.js").Page["show"]} */
async function show(place) {
  const description = await get("/openapi.json");
  const rows = Object.entries(description.paths).flatMap(([at, operations]) =>
    Object.entries(operations).map(([method, operation]) => row(at, method, operation)),
  );
  const head = element("tr", ...["Route", "What it does", "Takes", "Who"].map((word) => element("th", word)));
  const raw = link(address("/openapi.json"), "openapi.json");
  raw.target = "_blank";
  const table = element("table.routes", element("thead", head), element("tbody", ...rows));
  place.append(element("h1", "Interface"), element("p.hint", "The same as a file: ", raw), element("div.scroll", table));
}

export const page = { pattern: "/interface", title: () => "Interface", show };
