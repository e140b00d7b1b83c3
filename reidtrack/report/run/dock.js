  // Everything the page knows about visits and links.
  const story = JSON.parse(one("#story").textContent), dock = one("#dock"), video = one("#video");
  const visits = story.visits, pictures = new Map();
  for (const image of all("#cards img")) {
    const name = image.dataset.v;
    pictures.set(name, [...(pictures.get(name) || []), image]);
  }
  const personOf = (name) => story.people[visits[name].person];
  const cameraOf = (name) => story.cameras[visits[name].camera];
  const times = (name) => clock(visits[name].from, 1) + "–" + clock(visits[name].to, 1);
  const colour = (id) => lanesById.get(id)?.lane.style.getPropertyValue("--c") || "";
  function el(kind, ...inside) {
    const [name, ...classes] = kind.split("."), element = document.createElement(name);
    element.className = classes.join(" ");
    element.append(...inside.filter((part) => part !== null && part !== undefined));
    if (name === "button") element.type = "button";
    return element;
  }

  // Commands name the folder by where the page lies, where that is known.
  const quoted = (word) => /^[\w@%+=:,./-]+$/.test(word) ? word : "'" + word.replaceAll("'", "'\"'\"'") + "'";
  function folder() {
    if (location.protocol !== "file:") return story.folder;
    const path = decodeURIComponent(location.pathname).replace(/\/[^/]*$/, "").replace(/^\/(?=[A-Za-z]:)/, "");
    return quoted(path || "/");
  }
  const commands = {
    split: (name, at) => `reidtrack split ${folder()} ${cameraOf(name).word} ${visits[name].track}` + (at === undefined ? "" : ` --at ${at.toFixed(2)}`),
    lock: (id) => `reidtrack lock ${folder()} ${id}`,
    ignore: (name) => `reidtrack ignore ${folder()} ${quoted(cameraOf(name).name + " " + visits[name].track)}`,
    merge: (...ids) => `reidtrack merge ${folder()} ${ids.join(" ")}`,
    name: (id, text) => `reidtrack name ${folder()} ${id} ${text ? quoted(text) : "NAME"}`,
  };
  function copy(text, button) {
    const say = (word) => { button.textContent = word; setTimeout(() => { button.textContent = "copy"; }, 1500); };
    const plainly = () => {
      const area = el("textarea");
      area.value = text;
      button.after(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      say(done ? "copied" : "select it");
    };
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(() => say("copied"), plainly);
    else plainly();
  }
  function command(question, text) {
    const code = el("code", text), button = el("button.copy", "copy");
    button.setAttribute("aria-label", "Copy: " + text);
    button.addEventListener("click", () => copy(code.textContent, button));
    const line = el("div.command", el("span", question), code, button);
    line.say = (changed) => { code.textContent = changed; button.setAttribute("aria-label", "Copy: " + changed); };
    return line;
  }

  // One side of a link: pictures, and where and when; it plays.
  function side(role, name, most = 3, who = null) {
    const words = [who, cameraOf(name).name, times(name)].filter(Boolean).map((word) => el("span", word));
    const button = el("button.side", el("b", role), faces(name, most), ...words);
    button.title = "Show this visit";
    button.dataset.v = name;
    button.style.setProperty("--c", colour(visits[name].person));
    button.addEventListener("click", () => show(name));
    return button;
  }
  function faces(name, most) {
    const found = (pictures.get(name) || []).slice(0, most).map((image) => {
      const twin = image.cloneNode();
      twin.removeAttribute("data-v");
      return twin;
    });
    return el("span.faces", ...(found.length ? found : [el("i.blank", "no picture")]));
  }
  const percent = (p) => p > 0.99 ? "> 99%" : p < 0.01 ? "< 1%" : Math.round(p * 100) + "%";
  const called = (id) => { const found = story.people[id]; return found.name === undefined ? "person " + id : found.name; };
  function reasons(name) {
    const link = visits[name].link, list = el("dl.reasons");
    const say = (term, ...value) => list.append(el(term === "Runner-up" || term === "Other thresholds" ? "div.long" : "div", el("dt", term), el("dd", ...value)));
    if (!link) { say("Joined to", "nobody: the first visit"); return list; }
    if (link.sure === "said") say("Certainty", el("span.sure.said", "as you said"));
    else if (link.probability !== undefined) say("Probability", percent(link.probability));
    else say("Certainty", el("span.sure." + link.sure, link.sure));
    say("Distance", link.distance.toFixed(2));
    for (const [term, value] of link.terms || []) say(term[0].toUpperCase() + term.slice(1), value);
    const [start, end] = [visits[link.to]?.to, visits[name].from];
    if (!(link.terms || []).some(([term]) => term === "travel time") && start !== undefined)
      say("In between", end >= start ? (end - start).toFixed(1) + " s" : "seen at once for " + (Math.min(start, visits[name].to) - Math.max(end, visits[link.to].from)).toFixed(1) + " s");
    const rival = link.rival ? `${called(visits[link.rival].person)}, ${cameraOf(link.rival).name} ${times(link.rival)}` : link.rivalText;
    if (link.margin === null) say("Runner-up", "nobody else");
    else say("Runner-up", `${Math.abs(link.margin).toFixed(2)} ${link.margin < 0 ? "nearer" : "farther"}` + (rival ? ": " + rival : ""));
    const lines = others(name);
    if (lines.length) say("Other thresholds", lines.join("; "));
    return list;
  }
  function others(name) {
    const { link, person } = visits[name], lines = [];
    if (link?.parts !== undefined) lines.push(`breaks at ${link.parts.toFixed(2)} and below`);
    for (const [other, at] of (story.people[person].joins || []).slice(0, 2)) lines.push(`would also join ${called(other)} at ${at.toFixed(2)} and above`);
    if (link && !lines.length && story.tried) lines.push(`no change from ${story.tried[0].toFixed(2)} to ${story.tried[1].toFixed(2)}`);
    if (lines.length && story.threshold !== null) lines[0] += ` (here ${story.threshold.toFixed(2)})`;
    return lines;
  }
  function sides(name, most) {
    const { link } = visits[name], row = el("div.sides", side("this visit", name, most));
    if (link?.to) row.append(side("joined to", link.to, most));
    else if (link) row.append(el("span.side", el("b", "joined to"), el("span", link.toText)));
    if (link?.rival) row.append(side("runner-up", link.rival, most, called(visits[link.rival].person)));
    return row;
  }
  const visitsOf = (id) => Array.from({ length: story.people[id].visits }, (_, place) => `v${id}-${place + 1}`);
  function meet(one_, other) { // two who are in one camera's sight at once cannot be one
    const theirs = visitsOf(other).map((name) => visits[name]);
    return visitsOf(one_).map((name) => visits[name]).some((mine) =>
      theirs.some((visit) => visit.camera === mine.camera && visit.from <= mine.to && visit.to >= mine.from));
  }
  function cures(name) {
    const { link, person } = visits[name], found = [];
    if (link) found.push(command("Not the same person?", commands.split(name)));
    const rival = link?.rival && visits[link.rival].person;
    if (rival && rival !== person && !meet(rival, person)) found.push(command(`${called(rival)[0].toUpperCase() + called(rival).slice(1)} as well?`, commands.merge(person, rival)));
    return found;
  }

  // The dock: the video at the visit, and why it was joined.
  let shown = null;
  function show(name) {
    const visit = visits[name], camera = cameraOf(name), id = visit.person;
    shown = name;
    one("#dock-title").replaceChildren(el("i.dot"), personOf(name).label, el("small", [`${camera.name}, ${times(name)}, track ${visit.track}`, personOf(name).gallery].filter(Boolean).join("; ")));
    dock.style.setProperty("--c", colour(id));
    const number = +name.split("-")[1];
    one("#before").disabled = number <= 1;
    one("#after").disabled = number >= personOf(name).visits;
    const typed = el("input");
    typed.placeholder = "name";
    typed.setAttribute("aria-label", "Name of this person");
    typed.value = personOf(name).name || "";
    const naming = command("Who is it? ", commands.name(id, typed.value));
    naming.firstChild.append(typed);
    typed.addEventListener("input", () => naming.say(commands.name(id, typed.value.trim())));
    splitting = command("Another person from here on?", commands.split(name, visit.from));
    one("#why").replaceChildren(sides(name, 3), reasons(name), el("div.cures", ...cures(name), splitting,
      command("All visits right, and none missing?", commands.lock(id)), command("Nobody who counts: a picture, staff?", commands.ignore(name)), naming));
    one("#why").scrollTop = 0;
    for (const bar of all(".bar.on", chart)) bar.classList.remove("on");
    one(`.bar[data-v="${name}"]`, chart)?.classList.add("on");
    dock.hidden = false;
    document.body.style.paddingBottom = dock.offsetHeight + 24 + "px";
    uncover(one(`.bar[data-v="${name}"]`, chart));
    play(camera, visit.from);
  }
  function uncover(bar) { // the bar stays in sight above the dock, where it was clicked
    if (!bar || !chart.contains(document.activeElement)) return;
    const box = bar.getBoundingClientRect(), floor = dock.getBoundingClientRect().top - 24;
    if (box.bottom > floor) scrollBy(0, box.bottom - floor);
  }
  let splitting = null;
  function play(camera, time) {
    const missing = one("#novideo");
    video.hidden = !camera.video;
    missing.hidden = Boolean(camera.video);
    if (!camera.video) {
      video.pause();
      video.dataset.camera = "";
      missing.replaceChildren("There is no video of this camera. ", el("code", `reidtrack associate ${folder()} --video`), " renders the videos.");
      head(time);
      return;
    }
    if (video.dataset.camera !== camera.name) {
      video.dataset.camera = camera.name;
      video.dataset.first = camera.first;
      video.src = camera.video;
    }
    video.currentTime = Math.max(0, time - camera.first);
    video.play().catch(() => { }); // told to stop, or not allowed to begin: the controls are there
  }
  video.addEventListener("loadedmetadata", () => { // simple servers send files from their beginning alone
    if (!shown || (video.seekable.length && video.seekable.end(0) > 0)) return;
    const missing = one("#novideo");
    missing.hidden = false;
    missing.textContent = "This server cannot begin a film in its middle. Open report.html from the disk, where it can.";
  });
  video.addEventListener("error", () => {
    if (!video.dataset.camera) return;
    const missing = one("#novideo");
    video.hidden = true;
    missing.hidden = false;
    missing.textContent = `${decodeURIComponent(video.getAttribute("src").slice(2))} is not beside this page, or this browser cannot play it.`;
    video.dataset.camera = "";
  });
  function hide() {
    if (dock.hidden) return;
    video.pause();
    dock.hidden = true;
    document.body.style.paddingBottom = "";
    playhead.hidden = true;
    const bar = one(`.bar[data-v="${shown}"]`, chart);
    for (const other of all(".bar.on", chart)) other.classList.remove("on");
    if (dock.contains(document.activeElement) || document.activeElement === document.body) bar?.focus({ preventScroll: true });
    shown = null;
    hush();
    if (plan) wholeWalks();
  }
  const playhead = el("u");
  playhead.hidden = true;
  function head(time) {
    playhead.hidden = time < start || time > start + span;
    playhead.style.setProperty("--s", time);
    if (playhead.parentNode !== grid) grid.append(playhead);
    walkTo(time);
  }
  for (const event of ["timeupdate", "seeked"]) video.addEventListener(event, () => {
    if (dock.hidden || !video.dataset.camera) return;
    const time = video.currentTime + +video.dataset.first;
    head(time);
    splitting?.say(commands.split(shown, time));
  });
  one("#close").addEventListener("click", hide);
  const step = (by) => { const [person, number] = shown.split("-"); const next = `${person}-${+number + by}`; if (visits[next]) show(next); };
  one("#before").addEventListener("click", () => step(-1));
  one("#after").addEventListener("click", () => step(1));
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const found = event.target.closest(".bar, .visits a, .visits tbody tr, #cards img[data-v], #plan polyline");
    if (!found || (found.matches("a:not(.bar, .play)"))) return;
    const name = found.dataset.v || found.closest("tr").id;
    if (!visits[name] || String(getSelection())) return;
    event.preventDefault();
    hush();
    if (!event.detail && name === shown) one(video.hidden ? "#close" : "#video").focus(); // Enter once more
    else show(name);
  });

  // The sheet: the least certain links first, as many as are asked for.
  const PAGE = 12, FEW = 6;
  let most = null;
  function doubt(name) {
    const { link, person } = visits[name];
    const title = el("h3", el("i.dot"), personOf(name).label, el("span.sure." + link.sure, link.probability === undefined ? link.sure : `${link.sure}, ${percent(link.probability)}`));
    const article = el("article", title, sides(name, 1), reasons(name), ...cures(name));
    article.style.setProperty("--c", colour(person));
    article.dataset.v = name;
    return article;
  }
  function near([one_, other, at]) {
    const title = el("h3", el("i.dot"), `${story.people[one_].label} and ${called(other)}`, el("small", `one person at ${at.toFixed(2)} and above`));
    const pair = [one_, other].map((id) => side(called(id), bestVisit(id), 1));
    const article = el("article", title, el("div.sides", ...pair), command("The same person?", commands.merge(one_, other)));
    article.style.setProperty("--c", colour(one_));
    return article;
  }
  function bestVisit(id) {
    const length = (name) => visits[name].to - visits[name].from + (pictures.has(name) ? 1e6 : 0);
    return visitsOf(id).reduce((best, name) => length(name) > length(best) ? name : best);
  }
  function sheet() {
    const fits = (id) => lanesById.get(id)?.fit !== false;
    const wanted = story.doubts.filter((name) => fits(visits[name].person));
    const unsure = wanted.filter((name) => visits[name].link.sure !== "clear").length;
    const shownNow = most ?? Math.min(PAGE, Math.max(FEW, unsure));
    const nears = story.near.filter(([one_, other]) => (fits(one_) || fits(other)) && !meet(one_, other)).slice(0, Math.max(FEW, shownNow));
    one("#doubtful").textContent = !story.doubts.length ? (story.said ? "You vouched for every link." : "No visit was joined to another, so there is nothing to doubt.") : !wanted.length ? "None of these people has a link to doubt." :
      (unsure ? `${unsure} of ${wanted.length} links are not clear.` : `All ${wanted.length} links are clear; these are the least certain.`) +
      " A picture shows its visit in the video; each command corrects the run, settles everything else around it, and writes this page anew.";
    one("#doubts").replaceChildren(...wanted.slice(0, shownNow).map(doubt));
    one("#nears").replaceChildren(...nears.map(near));
    one("#nearly").hidden = !nears.length;
    one("#more").hidden = wanted.length <= shownNow;
    one("#more").textContent = `show more (${wanted.length - shownNow} left)`;
  }
  one("#more").addEventListener("click", () => { most = all("#doubts article").length + PAGE; sheet(); });
