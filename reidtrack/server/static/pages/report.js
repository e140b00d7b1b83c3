// Leads to a page of a run's report. Its pages are shown in a sandbox, so the server refuses what they ask for, their
// links to each other too: those lead here, and a page of ours asks. What stands behind # stays.

import { address, path } from "../api.js";

/** @type {import("../router.js").Page["show"]} */
async function show(place, params) {
  const page = params.page === undefined ? [] : [params.page];
  location.replace(address(path("runs", params.run, "report", ...page)) + location.hash);
}

const title = (params) => `Report of ${params.run}`;

export const front = { pattern: "/runs/:run/report", title, show };
export const day = { pattern: "/runs/:run/report/:page", title, show };
