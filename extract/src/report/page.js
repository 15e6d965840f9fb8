// Draws the plots of a sweep from the data beside it. No library, no network.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  // Okabe and Ito's colours, told apart by colour-blind readers, then dashes for more.
  const palette = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#8a8a00", "#777777"];
  const dashes = ["", "7 3", "2 3", "9 3 2 3"];
  const hidden = new Set();
  const index = new Map(data.extractors.map((name, at) => [name, at]));
  const color = (name) => palette[index.get(name) % palette.length];
  const dash = (name) => dashes[Math.floor(index.get(name) / palette.length) % dashes.length];

  const WIDTH = 460, HEIGHT = 280, LEFT = 48, RIGHT = 12, TOP = 8, BOTTOM = 36;
  const NS = "http://www.w3.org/2000/svg";

  function element(parent, name, attributes = {}, text = "") {
    const made = parent.namespaceURI === NS || name === "svg"
      ? document.createElementNS(NS, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== "") made.textContent = text;
    parent.appendChild(made);
    return made;
  }

  function number(x) {
    if (x === 0) return "0";
    const size = Math.abs(x);
    if (size >= 1e6 || size < 1e-3) return x.toExponential(0).replace("e+", "e");
    return String(Number(x.toPrecision(3)));
  }

  // A scale from values to pixels, with the places of its ticks.
  function scale(low, high, from, to, log) {
    if (!(high > low)) high = log ? low * 10 : low + 1;
    const value = log ? Math.log10 : (x) => x;
    const [a, b] = [value(low), value(high)];
    const place = (x) => from + ((value(x) - a) / (b - a)) * (to - from);
    const ticks = [];
    if (log) {
      const step = Math.max(1, Math.ceil((b - a) / 7));
      for (let power = Math.ceil(a - 1e-9); power <= b + 1e-9; power += step) ticks.push(10 ** power);
      if (ticks.length < 3) {
        ticks.length = 0;
        for (let power = Math.floor(a); power <= b; power++) {
          for (const factor of [1, 2, 5]) {
            const tick = factor * 10 ** power;
            if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
          }
        }
      }
    } else {
      const rough = (high - low) / 5, unit = 10 ** Math.floor(Math.log10(rough));
      const step = unit * [1, 2, 5, 10].find((factor) => factor * unit >= rough);
      for (let x = Math.ceil(low / step) * step; x <= high + step * 1e-9; x += step) ticks.push(x);
    }
    return { place, ticks };
  }

  const tip = element(document.body, "div", { id: "tip" });
  function explain(target, text) {
    target.addEventListener("mousemove", (event) => {
      tip.textContent = text(event);
      tip.style.display = "block";
      tip.style.left = event.clientX + 12 + "px";
      tip.style.top = event.clientY + 12 + "px";
    });
    target.addEventListener("mouseleave", () => { tip.style.display = "none"; });
  }

  function frame(id, title, note, x, y) {
    const figure = element(document.getElementById("plots"), "figure", { id });
    const caption = element(figure, "figcaption", {}, title);
    element(caption, "small", {}, note);
    const svg = element(figure, "svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
    element(svg, "title", {}, title);
    const h = scale(x.low, x.high, LEFT, WIDTH - RIGHT, x.log);
    const v = scale(y.low, y.high, HEIGHT - BOTTOM, TOP, y.log);
    for (const tick of h.ticks) {
      element(svg, "line", { class: "grid", x1: h.place(tick), x2: h.place(tick), y1: TOP, y2: HEIGHT - BOTTOM });
      element(svg, "text", { x: h.place(tick), y: HEIGHT - BOTTOM + 14, "text-anchor": "middle" }, number(tick));
    }
    for (const tick of v.ticks) {
      element(svg, "line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: v.place(tick), y2: v.place(tick) });
      element(svg, "text", { x: LEFT - 5, y: v.place(tick) + 4, "text-anchor": "end" }, number(tick));
    }
    element(svg, "text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 5, "text-anchor": "middle" }, x.label);
    return { svg, h, v, y };
  }

  // Curves of one plot. `steps`: a value holds until the next; `start`: the value before the first.
  function curves(id, title, note, x, y, extractors, sets, { steps = false, start = 0 } = {}) {
    const shown = extractors.map((name, at) => ({ name, lists: sets.map((set) => set[at]) }))
      .filter((entry) => !hidden.has(entry.name));
    const points = shown.flatMap((entry) => entry.lists.flat());
    const xs = points.map((point) => point[0]), ys = points.map((point) => point[1]);
    const fold = (values, pick, otherwise) => values.reduce((a, b) => pick(a, b), otherwise);
    x.low ??= fold(xs, Math.min, x.log ? 1e3 : Infinity);
    x.high = x.cap ? Math.min(x.cap, fold(xs, Math.max, x.low)) : fold(xs, Math.max, x.low);
    if (x.log && x.high < x.low * 2) x.high = x.low * 2;
    y.low ??= 0;
    y.high ??= fold(ys, Math.max, 0) || 1;
    const { svg, h, v } = frame(id, title, note, x, y);
    if (points.length === 0) {
      element(svg, "text", { x: WIDTH / 2, y: HEIGHT / 2, "text-anchor": "middle" }, "none");
      return;
    }
    for (const { name, lists } of shown) {
      lists.forEach((list, which) => {
        if (list.length === 0) return;
        const path = [];
        let last = start;
        if (steps) path.push([x.low, last]);
        for (const [px, py] of list) {
          if (px > x.high) break;
          if (steps) path.push([px, last]);
          path.push([px, py]);
          last = py;
        }
        if (steps) path.push([x.high, last]);
        const text = path.map(([px, py]) => `${h.place(px).toFixed(1)},${v.place(py).toFixed(1)}`).join(" ");
        const line = element(svg, "polyline", {
          class: which ? "curve dash" : "curve", points: text, stroke: color(name),
          "data-extractor": name, ...(dash(name) && !which ? { "stroke-dasharray": dash(name) } : {}),
        });
        explain(line, () => name + (which ? " (bound)" : ""));
      });
    }
  }

  function trade(series) {
    const shown = series.extractors.map((name, at) => ({ name, point: series.trade[at] }))
      .filter((entry) => !hidden.has(entry.name));
    const times = shown.map((entry) => entry.point[0]), gaps = shown.map((entry) => entry.point[1]);
    const { svg, h, v } = frame("trade", "Cost against time", "filled and joined: nothing is better in both",
      { low: Math.min(1e3, ...times) / 1.5, high: Math.max(1e-6, ...times) * 1.5, log: true, label: "seconds, all tasks" },
      { low: 0, high: Math.max(1e-3, ...gaps) * 1.08 });
    const front = shown.filter((entry) => entry.point[2]).sort((a, b) => a.point[0] - b.point[0]);
    const corners = [];
    front.forEach(({ point }, at) => {
      if (at > 0) corners.push([point[0], front[at - 1].point[1]]);
      corners.push(point);
    });
    if (corners.length > 1) {
      const text = corners.map((point) => `${h.place(point[0]).toFixed(1)},${v.place(point[1]).toFixed(1)}`).join(" ");
      element(svg, "polyline", { class: "curve front", points: text, stroke: "#888" });
    }
    for (const { name, point } of shown) {
      const dot = element(svg, "circle", {
        cx: h.place(point[0]), cy: v.place(point[1]), r: 5, stroke: color(name), "stroke-width": 2,
        fill: point[2] ? color(name) : "none", "data-extractor": name,
      });
      explain(dot, () => `${name}: ${number(point[0])} s, mean gap ${number(point[1])} %`);
      const left = h.place(point[0]) > WIDTH * 0.7;
      const at = { x: h.place(point[0]) + (left ? -8 : 8), y: Math.max(v.place(point[1]) - 6, 10) };
      element(svg, "text", { ...at, "text-anchor": left ? "end" : "start" }, name);
    }
  }

  function draw() {
    document.getElementById("plots").replaceChildren();
    const series = data.series.find((entry) => entry.name === select.value) ?? data.series[0];
    if (!series) return;
    const names = series.extractors;
    const time = () => ({ log: true, label: "seconds", low: 1e-5 });
    curves("cost-profile", "Cost profile", "share of tasks with a cost within this factor of the least",
      { log: false, low: 1, cap: 2, label: "factor of the least cost" }, { high: 1 }, names, [series.cost_profile], { steps: true });
    curves("time-profile", "Time profile", "share of tasks answered within this factor of the fastest",
      { log: true, low: 1, label: "factor of the least time" }, { high: 1 }, names, [series.time_profile], { steps: true });
    curves("cactus-solved", "Least cost found", "tasks with an answer that no other beats, by time",
      time(), {}, names, [series.solved], { steps: true });
    curves("cactus-proved", "Proved optimal", "tasks, by time",
      time(), {}, names, [series.proved], { steps: true });
    trade(series);
    curves("anytime", "Gap over time", "mean gap in % of the answer so far; dashed: of the bound",
      time(), { high: 100 }, names, [series.primal, series.dual]);
  }

  // Where A and B differ.
  function differences() {
    const section = document.getElementById("differences");
    element(section, "h2", {}, "Where two differ");
    const line = element(section, "p");
    const pick = (id, at) => {
      const made = element(line, "select", { id });
      for (const name of data.extractors) element(made, "option", { value: name }, name);
      made.selectedIndex = Math.min(at, data.extractors.length - 1);
      made.addEventListener("change", fill);
      return made;
    };
    const a = pick("first", 0);
    line.append(" against ");
    const b = pick("second", 1);
    const counts = element(section, "p", { id: "counts" });
    const table = element(section, "table");
    const body = element(table, "tbody");

    function fill() {
      const answers = new Map();
      for (const [file, who, seed, cost, seconds, status] of data.rows) {
        const key = seed ? `${file} (seed ${seed})` : file;
        if (!answers.has(key)) answers.set(key, []);
        answers.get(key)[who] = { cost, seconds, status };
      }
      const [p, q] = [index.get(a.value), index.get(b.value)];
      const found = [];
      let same = 0, better = 0, worse = 0;
      for (const [file, list] of answers) {
        const [x, y] = [list[p], list[q]];
        if (!x || !y) continue;
        const [c, d] = [x.cost ?? Infinity, y.cost ?? Infinity];
        if (c === d || Math.abs(c - d) <= 1e-9 * (1 + Math.max(Math.abs(c), Math.abs(d)))) { same++; continue; }
        if (c < d) better++; else worse++;
        const most = Math.max(Math.abs(c), Math.abs(d));
        found.push({ file, x, y, size: Number.isFinite(most) ? (c - d) / most : Math.sign(c - d) });
      }
      found.sort((l, r) => Math.abs(r.size) - Math.abs(l.size));
      counts.textContent = `${a.value} is cheaper on ${better}, ${b.value} on ${worse}; equal on ${same}.`;
      body.replaceChildren();
      const head = element(body, "tr");
      for (const name of ["file", a.value, b.value, "difference", "ms", "ms"]) element(head, "th", {}, name);
      const show = (answer) => (answer.cost === null ? answer.status : String(Number(answer.cost.toPrecision(8))));
      const ms = (answer) => (answer.seconds === null ? "" : (answer.seconds * 1000).toFixed(2));
      for (const { file, x, y, size } of found.slice(0, 300)) {
        const row = element(body, "tr", { class: "difference" });
        for (const cell of [file, show(x), show(y), `${(size * 100).toFixed(2)} %`, ms(x), ms(y)]) element(row, "td", {}, cell);
      }
    }
    if (data.extractors.length > 1) fill();
  }

  const select = document.getElementById("scope");
  for (const entry of data.series) element(select, "option", { value: entry.name }, entry.name);
  select.addEventListener("change", draw);
  const legend = document.getElementById("legend");
  for (const name of data.extractors) {
    const button = element(legend, "button", { type: "button" });
    const mark = element(button, "i");
    mark.style.background = color(name);
    button.append(name);
    button.addEventListener("click", () => {
      if (!hidden.delete(name)) hidden.add(name);
      button.classList.toggle("off", hidden.has(name));
      draw();
    });
  }
  draw();
  differences();
})();
