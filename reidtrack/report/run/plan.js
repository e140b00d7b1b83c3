  // The floor plan: all paths, or where everybody was at one moment.
  const plan = one("#plan"), TRAIL_S = 5;
  let walks = null, moment = null;
  function readWalks() {
    const step = +plan.dataset.step;
    return all("polyline", plan).map((line) => {
      const at = +line.dataset.t, points = line.getAttribute("points").split(" ").map((pair) => pair.split(",").map(Number));
      return { line, points, at, end: at + step * (points.length - 1), step, group: line.parentNode };
    });
  }
  const svg = (name, values) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(values)) element.setAttribute(key, value);
    return element;
  };
  function between(walk, time) {
    const place = Math.min(walk.points.length - 1, Math.max(0, (time - walk.at) / walk.step));
    const low = Math.floor(place), part = place - low, a = walk.points[low], b = walk.points[Math.min(low + 1, walk.points.length - 1)];
    return [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part];
  }
  function walkTo(time) {
    if (!plan) return;
    moment = time;
    walks ||= readWalks();
    const here = walks.filter((walk) => time >= walk.at - walk.step / 2 && time <= walk.end + walk.step / 2 && !walk.group.classList.contains("none"));
    const marks = here.flatMap((walk) => {
      const [x, y] = between(walk, time), from = Math.max(walk.at, time - TRAIL_S);
      const trail = [];
      for (let t = from; t < time; t += walk.step) trail.push(between(walk, t).map((n) => n.toFixed(0)).join());
      trail.push(`${x.toFixed(0)},${y.toFixed(0)}`);
      const style = `--c:${walk.group.style.getPropertyValue("--c")}`, label = svg("text", { x: x + 11, y: y + 5 });
      const { id } = walk.group.dataset, name = story.people[id].name || id;
      label.textContent = name.length > 16 ? name.slice(0, 15) + "…" : name;
      return [svg("path", { d: "M" + trail.join("L"), style }), svg("circle", { cx: x, cy: y, r: 7, style }), label];
    });
    one(".now", plan).replaceChildren(...marks);
    plan.classList.add("moment");
    one("#when").value = time;
    one("#whenText").textContent = clock(time, span < 600 ? 1 : 0);
    one("#wholeWalks").disabled = false;
  }
  function wholeWalks() {
    moment = null;
    plan.classList.remove("moment");
    one(".now", plan).replaceChildren();
    one("#whenText").textContent = "all paths";
    one("#wholeWalks").disabled = true;
    still();
  }
  let running = null;
  function still() {
    cancelAnimationFrame(running);
    running = null;
    one("#run-walks").textContent = "▶";
  }
  function runWalks() {
    if (running !== null) return still();
    const speed = Math.max(1, (last - first) / 60), began = performance.now();
    const from = moment === null || moment >= last ? first : moment;
    one("#run-walks").textContent = "❚❚";
    const tick = (now) => {
      const time = from + (now - began) / 1000 * speed;
      walkTo(Math.min(time, last));
      if (time < last) running = requestAnimationFrame(tick);
      else still();
    };
    running = requestAnimationFrame(tick);
  }
  if (plan) {
    one("#when").addEventListener("input", (event) => { still(); walkTo(+event.target.value); });
    one("#run-walks").addEventListener("click", runWalks);
    one("#wholeWalks").addEventListener("click", wholeWalks);
    for (const [event, hot] of [["pointerover", true], ["pointerout", false]])
      one("#lanes")?.addEventListener(event, (moved) => {
        const lane = moved.target.closest(".lane");
        if (lane) lanesById.get(+lane.dataset.id).walk?.classList.toggle("hot", hot);
      });
  }
