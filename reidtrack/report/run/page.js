  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const root = document.documentElement, chart = one("#chart"), grid = one(".grid"), ticks = one(".ticks");
  const first = +chart.dataset.first, last = +chart.dataset.last;
  const people = all(".lane").map((lane) => ({
    lane, id: +lane.dataset.id, row: one("#t" + lane.dataset.id), card: one("#p" + lane.dataset.id),
    walk: one(`#plan g[data-id="${lane.dataset.id}"]`), name: (lane.dataset.name || "").toLowerCase(),
    first: +lane.dataset.first, seen: +lane.dataset.seen, doubt: +lane.dataset.doubt,
    cameras: lane.dataset.cameras.split(" ").map(Number),
    visits: all(".bar", lane).map((bar) => ["--s", "--e"].map((end) => +bar.style.getPropertyValue(end))),
  }));
  const lanesById = new Map(people.map((person) => [person.id, person]));
  const cameras = all(".strip .cam").map((label) => label.textContent.toLowerCase());
  root.classList.add("on");

  // Light or dark: as the system says until the button is pressed. Storage may be forbidden for files.
  const wear = (theme) => { root.style.colorScheme = theme; };
  try { wear(localStorage.getItem("reidtrack-theme") || ""); } catch { }
  one("#theme").addEventListener("click", () => {
    const dark = root.style.colorScheme ? root.style.colorScheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    wear(dark ? "light" : "dark");
    try { localStorage.setItem("reidtrack-theme", root.style.colorScheme); } catch { }
  });

  // Narrow rows: lines without the names of their cameras, for many people.
  const MANY = 40;
  const narrow = (on) => { root.classList.toggle("dense", on); one("#dense").setAttribute("aria-pressed", on); };
  narrow(people.length > MANY);
  one("#dense").addEventListener("click", () => narrow(!root.classList.contains("dense")));

  // Search and order. Ids and ranges widen the choice, names of people and cameras narrow it.
  function wanted(text) {
    const ids = [], names = [];
    for (const word of text.toLowerCase().split(/[,\s]+/).filter(Boolean)) {
      const range = /^#?(\d+)(?:[-–](\d+))?$/.exec(word);
      if (range && !cameras.includes(word)) ids.push([+range[1], +(range[2] || range[1])]);
      else names.push(word);
    }
    return (person) => (!ids.length || ids.some(([low, high]) => person.id >= low && person.id <= high)) &&
      names.every((name) => person.name.includes(name) || person.cameras.some((camera) => cameras[camera].includes(name)));
  }
  const orders = {
    id: (a, b) => a.id - b.id,
    first: (a, b) => a.first - b.first || a.id - b.id,
    cameras: (a, b) => b.cameras.length - a.cameras.length || a.id - b.id,
    seen: (a, b) => b.seen - a.seen || a.id - b.id,
    doubt: (a, b) => a.doubt - b.doubt,
  };
  function filter() {
    const fits = wanted(one("#find").value);
    for (const person of people) {
      person.fit = fits(person);
      for (const part of [person.lane, person.row, person.card, person.walk]) part?.classList.toggle("none", !person.fit);
    }
    count();
    sheet();
  }
  function count() {
    const fit = people.filter((person) => person.fit), here = fit.filter((person) => person.here);
    one("#count").textContent = (fit.length === people.length ? "" : fit.length + " of ") + people.length + " people" +
      (here.length === fit.length ? "" : ", " + here.length + " at this time");
  }
  function sort() {
    people.sort(orders[one("#sort").value]);
    for (const part of ["lane", "row", "card"])
      if (people.length) people[0][part].parentNode.append(...people.map((person) => person[part]));
  }
  one("#find").addEventListener("input", filter);
  one("#sort").addEventListener("change", sort);

  // The time axis: zoom sets two variables that every bar is placed by.
  let start = first, span = last - first;
  function clock(time, decimals) {
    const unit = 10 ** decimals, total = Math.round(Math.abs(time) * unit), seconds = Math.floor(total / unit);
    const pad = (n, width = 2) => String(n).padStart(width, "0"), h = Math.floor(seconds / 3600), m = Math.floor(seconds / 60) % 60;
    return (time < 0 && total ? "−" : "") + (h ? h + ":" + pad(m) : m) + ":" + pad(seconds % 60) +
      (decimals ? "." + pad(total % unit, decimals) : "");
  }
  const steps = ticks.dataset.steps.split(" ").map(Number);
  function look(from, length) {
    span = Math.min(last - first, Math.max(0.2, length));
    start = Math.min(last - span, Math.max(first, from));
    chart.style.setProperty("--t0", start);
    chart.style.setProperty("--span", span);
    const step = steps.find((s) => span / s < 9) || Math.ceil(span / 86400 / 9) * 86400;
    const decimals = step >= 1 ? 0 : step >= 0.1 ? 1 : 2, marks = [], lines = [];
    for (let n = Math.ceil(start / step - 1e-9); n * step <= start + span + 1e-9; n++) {
      const mark = document.createElement("i"), line = document.createElement("i"), label = document.createElement("b");
      label.textContent = clock(n * step, decimals);
      mark.append(label);
      for (const element of [mark, line]) element.style.setProperty("--s", n * step);
      marks.push(mark); lines.push(line);
    }
    ticks.replaceChildren(...marks, reading, brush);
    grid.replaceChildren(...lines, cursor, playhead);
    for (const person of people) { // lanes without a visit in this stretch of time step aside
      person.here = person.visits.some(([from, to]) => from <= start + span + 1e-6 && to >= start - 1e-6);
      person.lane.classList.toggle("away", !person.here);
    }
    count();
    one("#whole").disabled = one("#out").disabled = span >= last - first;
  }
  const reading = document.createElement("output"), brush = document.createElement("mark"), cursor = document.createElement("s");
  reading.hidden = brush.hidden = cursor.hidden = true;
  const zoom = (factor, at = start + span / 2) => look(at - (at - start) * factor, span * factor);
  one("#in").addEventListener("click", () => zoom(0.5));
  one("#out").addEventListener("click", () => zoom(2));
  one("#whole").addEventListener("click", () => look(first, last - first));
  const share = (event) => {
    const box = grid.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  let held = null;
  chart.addEventListener("pointermove", (event) => {
    const at = share(event);
    reading.hidden = cursor.hidden = event.pointerType === "touch" || event.clientX < grid.getBoundingClientRect().left;
    reading.style.left = cursor.style.left = at * 100 + "%";
    reading.textContent = clock(start + at * span, span < 600 ? 1 : 0);
    if (held !== null) {
      brush.hidden = false;
      brush.style.left = Math.min(held, at) * 100 + "%";
      brush.style.width = Math.abs(at - held) * 100 + "%";
    }
  });
  chart.addEventListener("pointerleave", () => { reading.hidden = cursor.hidden = true; });
  ticks.addEventListener("pointerdown", (event) => { held = share(event); ticks.setPointerCapture(event.pointerId); event.preventDefault(); });
  ticks.addEventListener("pointerup", (event) => {
    const from = held, to = share(event);
    held = null;
    brush.hidden = true;
    if (from !== null && Math.abs(to - from) > 0.01) look(start + Math.min(from, to) * span, Math.abs(to - from) * span);
  });
  ticks.addEventListener("pointercancel", () => { held = null; brush.hidden = true; });
  chart.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(Math.exp(event.deltaY / 300), start + share(event) * span);
  }, { passive: false });

  // A visit's details, taken from its line in the person's card.
  const tip = one("#tip");
  function tell(bar) {
    const line = document.getElementById(bar.dataset.v), names = all("thead th", line.closest("table"));
    const list = document.createElement("dl"), text = document.createElement("div"), heading = document.createElement("b");
    heading.textContent = one("h3", line.closest(".card")).textContent;
    [...line.cells].forEach((cell, place) => {
      if (place === 0 || !names[place].textContent || !cell.textContent) return;
      const term = document.createElement("dt"), value = document.createElement("dd");
      term.textContent = names[place].textContent;
      const parts = all("span", cell).map((part) => part.title || part.textContent.trim()).filter(Boolean);
      value.textContent = parts.length > 1 ? parts.join(", ") : cell.textContent;
      list.append(term, value);
    });
    text.append(heading, list);
    const picture = one(`img[data-v="${bar.dataset.v}"]`);
    tip.replaceChildren(...(picture ? [picture.cloneNode()] : []), text);
    tip.hidden = false;
    const box = bar.getBoundingClientRect(), size = tip.getBoundingClientRect(), lane = grid.getBoundingClientRect();
    const middle = Math.max(box.left, lane.left) / 2 + Math.min(box.right, lane.right) / 2;
    tip.style.left = Math.max(8, Math.min(innerWidth - size.width - 8, middle - size.width / 2)) + "px";
    tip.style.top = (box.bottom + size.height + 12 < innerHeight ? box.bottom + 8 : Math.max(8, box.top - size.height - 8)) + "px";
    const link = one("a[href^='#v']", line);
    if (link) one(`.bar[data-v="${link.hash.slice(1)}"]`, chart)?.classList.add("mate");
  }
  function hush() {
    tip.hidden = true;
    all(".bar.mate", chart).forEach((bar) => bar.classList.remove("mate"));
  }
  all(".bar", chart).forEach((bar) => { // our own tooltip stands in for the browser's
    bar.setAttribute("aria-label", bar.title);
    bar.removeAttribute("title");
    bar.tabIndex = bar.parentNode.parentNode.previousElementSibling || bar.previousElementSibling ? -1 : 0;
  });
  for (const [begin, end] of [["pointerover", "pointerout"], ["focusin", "focusout"]]) {
    chart.addEventListener(begin, (event) => { const bar = event.target.closest(".bar"); if (bar) { hush(); tell(bar); } });
    chart.addEventListener(end, (event) => { if (event.target.closest(".bar")) hush(); });
  }
  addEventListener("scroll", () => {
    hush();
    if (document.activeElement.matches(".bar:focus-visible")) tell(document.activeElement);
  }, { passive: true });

