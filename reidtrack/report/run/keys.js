  // Arrows walk over the visits; + - 0 set the axis.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { hush(); hide(); }
    if (event.target.closest("input, select, video") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") zoom(0.5);
    if (event.key === "-") zoom(2);
    if (event.key === "0") look(first, last - first);
    const bar = event.target.closest(".bar");
    if (!bar) return;
    const lane = bar.closest(".lane"), inside = all(".bar", lane);
    const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key], down = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    let next = across && inside[inside.indexOf(bar) + across];
    if (down) {
      let row = lane;
      do row = down > 0 ? row.nextElementSibling : row.previousElementSibling; while (row && row.classList.contains("none"));
      next = row && one(".bar", row);
    }
    if (across || down) event.preventDefault();
    if (next) next.focus();
  });
  look(first, last - first);
  filter(); // a browser may bring back what was typed before a reload
  sort();
