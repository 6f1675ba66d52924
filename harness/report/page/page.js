"use strict";

/* Tables: a click on a header sorts by its column. */

function valueOf(row, column) {
  const cell = row.cells[column];
  if (cell.dataset.sort !== undefined) return Number(cell.dataset.sort);
  const text = cell.textContent.trim();
  return text === "-" || text === "" ? null : text;
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}

function sortTable(header) {
  const table = header.closest("table");
  const body = table.tBodies[0];
  const numeric = header.classList.contains("number");
  const before = header.getAttribute("aria-sort");
  // Numbers start with the largest, names with A.
  const first = numeric ? "descending" : "ascending";
  const second = numeric ? "ascending" : "descending";
  const order = before === first ? second : first;
  for (const other of table.tHead.querySelectorAll("[aria-sort]")) {
    other.setAttribute("aria-sort", "none");
  }
  header.setAttribute("aria-sort", order);
  const sign = order === "ascending" ? 1 : -1;
  const keyed = [...body.rows].map((row) => [valueOf(row, header.cellIndex), row]);
  keyed.sort(([a], [b]) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * compare(a, b);
  });
  body.append(...keyed.map(([, row]) => row));
}

document.addEventListener("click", (event) => {
  const header = event.target.closest(".sortable th[aria-sort]");
  if (header) sortTable(header);
  const link = event.target.closest("a[data-metric]");
  if (link) choose(link.dataset.metric, link.dataset.model);
});

/* Downloads: tables as they are shown, pictures as they are drawn. */

function save(name, extension, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = `${name.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 80)}.${extension}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/* A text that a spreadsheet would take for a formula stands behind an apostrophe. */
function csvCell(text) {
  const number = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text);
  const guarded = !number && /^'*[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

function csvOf(table) {
  const rows = [...table.tBodies[0].rows].map((row) =>
    [...row.cells].map((cell) => {
      const text = cell.textContent.trim();
      return text === "-" ? "" : text;
    }),
  );
  return [headsOf(table), ...rows].map((row) => row.map(csvCell).join(",") + "\n").join("");
}

/* Names of columns, each behind its group's. */
function headsOf(table) {
  const lines = [...table.tHead.rows];
  const groups = (lines.length > 1 ? [...lines[0].cells] : []).flatMap((cell) =>
    Array(cell.colSpan).fill(cell.textContent.trim()),
  );
  return [...lines.at(-1).cells].map((cell, i) =>
    `${groups[i] ?? ""} ${cell.textContent}`.trim(),
  );
}

const LOOKS = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity"];
LOOKS.push("stroke-dasharray", "font-family", "font-size");

/* A picture that needs no style sheet, on the paper of the page. */
function svgFile(picture) {
  const copy = picture.cloneNode(true);
  const originals = [picture, ...picture.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((element, i) => {
    const look = getComputedStyle(originals[i]);
    for (const name of LOOKS) element.style.setProperty(name, look.getPropertyValue(name));
    element.removeAttribute("tabindex");
  });
  const { width, height } = picture.viewBox.baseVal;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  const paper = getComputedStyle(document.documentElement).backgroundColor;
  copy.prepend(svg("rect", { width, height, fill: paper }));
  return new XMLSerializer().serializeToString(copy);
}

function offer(after, words, act) {
  const button = html("button", { class: "save", type: "button" }, words);
  button.addEventListener("click", act);
  after.after(button);
}

function offerTable(frame) {
  offer(frame, "Download as CSV", () =>
    save(frame.getAttribute("aria-label"), "csv", "text/csv", csvOf(frame.firstChild)),
  );
}

function offerPicture(figure, name) {
  offer(figure, "Download as SVG", () => {
    const picture = figure.querySelector("svg[viewBox]");
    if (picture) save(name(picture), "svg", "image/svg+xml", svgFile(picture));
  });
}

for (const table of document.querySelectorAll("table.sortable")) offerTable(table.parentNode);
for (const figure of document.querySelectorAll("figure.curve")) {
  offerPicture(figure, (picture) => picture.querySelector("title").textContent);
}

for (const input of document.querySelectorAll("[data-sieve]")) {
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const section = document.getElementById(input.dataset.sieve);
    for (const row of section.querySelector("tbody").rows) {
      const text = `${row.cells[0].textContent} ${row.cells[1].textContent}`;
      const lower = text.toLowerCase();
      row.hidden = !words.every((word) => lower.includes(word));
    }
  });
}

// What is folded on the screen is wanted on paper; the points are hundreds of rows.
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details")) {
    if (!part.closest("#plot")) part.open = true;
  }
});

/* The plot: accuracy against a metric, of a model or of all. */

const data = JSON.parse(document.getElementById("data").textContent);
const outcome = data.outcome; // what metrics are fitted against: accuracy, as a rule
const chart = document.getElementById("chart");
const tip = document.getElementById("tip");
const chooseMetric = document.getElementById("choose-metric");
const chooseModel = document.getElementById("choose-model");
const MARKS = ["interior", "exterior", "target"];
const ALL = ""; // the value of the choice of all models

function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

function html(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/* A value of what metrics are fitted against: in percent where it is a share. */
function said(y) {
  return outcome.scale === 1 ? short(y) : `${(outcome.scale * y).toFixed(1)}\u00a0%`;
}

function error(y) {
  return (outcome.scale * y).toFixed(outcome.scale === 1 ? 3 : 2);
}

function capital(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function short(x) {
  return String(Number(x.toPrecision(5)));
}

function rowOf(metric, model) {
  return (data.metrics[metric] || []).find((row) => (row.model ?? ALL) === model);
}

function at(line, x) {
  return line.y_mean + line.slope * (x - line.x_mean);
}

function halfWidth(line, x) {
  const away = (x - line.x_mean) / line.x_sd;
  return line.ts * Math.sqrt(1 + (1 + away * away) / line.n);
}

/* Points of a row; over all models, those of each. A target without labels stands
   where the interior's line predicts it. */
function pointsOf(metric, row) {
  const rows = row.model === null ? data.metrics[metric] : [row];
  const points = [];
  for (const { model, interior, points: found } of rows) {
    for (const [index, x, accuracy] of found) {
      const [dataset, family, domain, traits, colour] = data.datasets[index];
      const labelled = accuracy !== null;
      const kind = labelled && MARKS.includes(domain) ? domain : "target";
      const predicted = interior.reason === undefined ? clipped(at(interior, x)) : null;
      const y = labelled ? accuracy : predicted;
      points.push({ dataset, family, traits, kind, colour, model, x, y, labelled });
    }
  }
  return points.sort((a, b) => a.x - b.x);
}

function clipped(y) {
  const [low, high] = outcome.ends;
  return Math.min(high ?? Infinity, Math.max(low ?? -Infinity, y));
}

function wording(point, metric, row) {
  const where = row.model === null ? `${point.dataset} (${point.model})` : point.dataset;
  const accuracy =
    point.y === null
      ? `${outcome.words} not known`
      : `${outcome.words} ${said(point.y)}${point.labelled ? "" : " predicted"}`;
  const family = point.family === point.dataset ? "" : `, family ${point.family}`;
  const traits = point.traits === "" ? "" : `\n${point.traits}`;
  return `${where}\n${metric} ${short(point.x)}, ${accuracy}\n${point.kind}${family}${traits}`;
}

function ticks(low, high, wanted) {
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((s) => s * power).find((s) => s >= rough);
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= high + step * 1e-9; i++) {
    found.push(Number((i * step).toPrecision(12)));
  }
  return found;
}

function range(values, margin) {
  let low = Math.min(...values);
  let high = Math.max(...values);
  const more = margin * (high - low) || Math.abs(high) * 0.1 || 1;
  low -= more;
  high += more;
  return [low, high];
}

/* The shape is the domain's, the colour the family's. */
function mark(kind, colour, x, y, attributes = {}) {
  const family = kind === "target" || colour === null ? "" : ` family-${colour}`;
  const shape = { class: `point ${kind}${family}`, ...attributes };
  if (kind === "interior") return svg("circle", { cx: x, cy: y, r: 4, ...shape });
  const d =
    kind === "exterior"
      ? `M${x},${y - 5}l5,8.7h-10z`
      : `M${x},${y - 5.5}l5.5,5.5l-5.5,5.5l-5.5,-5.5z`;
  return svg("path", { d, ...shape });
}

/* What is drawn, for the pointer and the keys. */
let drawn = [];
let current = -1;

function draw() {
  const metric = chooseMetric.value;
  const row = rowOf(metric, chooseModel.value);
  hideTip();
  drawn = [];
  current = -1;
  const points = row ? pointsOf(metric, row) : [];
  const shown = points.filter((point) => point.y !== null);
  fillPoints(metric, points);
  legend(row, points);
  if (!shown.length) {
    chart.replaceChildren(html("p", {}, "There is nothing to draw here."));
    return;
  }

  const width = Math.max(280, chart.clientWidth);
  const height = Math.round(Math.min(480, Math.max(300, width * 0.62)));
  const left = 44;
  const right = width - 8;
  const top = 8;
  const bottom = height - 40;
  const [x0, x1] = range(shown.map((p) => p.x), 0.04);
  const [lowest, highest] = range(shown.map((p) => p.y), 0.08);
  const [y0, y1] = [Math.max(0, lowest), Math.min(1, highest)];
  const sx = (x) => left + ((x - x0) / (x1 - x0)) * (right - left);
  const sy = (y) => bottom - ((y - y0) / (y1 - y0)) * (bottom - top);

  const picture = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    height,
    role: "group",
    "aria-label": `${capital(outcome.words)} against ${metric}; arrow keys go from point to point`,
  });
  const clip = svg("clipPath", { id: "inside" });
  clip.append(svg("rect", { x: left, y: top, width: right - left, height: bottom - top }));
  picture.append(svg("defs", {}, clip));

  const wanted = Math.max(3, Math.floor(width / 110));
  for (const x of ticks(x0, x1, wanted)) {
    picture.append(
      svg("line", { class: "grid", x1: sx(x), x2: sx(x), y1: top, y2: bottom }),
      svg("text", { x: sx(x), y: bottom + 16, "text-anchor": "middle" }, short(x)),
    );
  }
  for (const y of ticks(outcome.scale * y0, outcome.scale * y1, 6)) {
    const place = sy(y / outcome.scale);
    picture.append(
      svg("line", { class: "grid", x1: left, x2: right, y1: place, y2: place }),
      svg("text", { x: left - 6, y: place + 4, "text-anchor": "end" }, short(y)),
    );
  }
  picture.append(
    svg("text", { x: right, y: height - 6, "text-anchor": "end" }, metric),
    svg(
      "text",
      { x: 11, y: top, transform: `rotate(-90 11 ${top})`, "text-anchor": "end" },
      outcome.axis,
    ),
  );

  const fits = svg("g", { "clip-path": "url(#inside)" });
  if (row.interior.reason === undefined) {
    fits.append(svg("path", { class: "interval interior", d: band(row.interior) }));
  }
  for (const kind of ["interior", "exterior"]) {
    const line = row[kind];
    if (line.reason !== undefined) continue;
    const [a, b] = kind === "interior" ? [x0, x1] : line.x_range;
    const d = `M${sx(a)},${sy(at(line, a))}L${sx(b)},${sy(at(line, b))}`;
    fits.append(svg("path", { class: `line ${kind}`, d }));
  }
  picture.append(fits);

  function band(line) {
    const steps = Array.from({ length: 41 }, (_, i) => x0 + (i / 40) * (x1 - x0));
    const edge = (x, sign) => `${sx(x)},${sy(at(line, x) + sign * halfWidth(line, x))}`;
    const over = steps.map((x) => edge(x, 1));
    const under = steps.reverse().map((x) => edge(x, -1));
    return `M${over.join("L")}L${under.join("L")}Z`;
  }

  for (const point of shown) {
    const place = { x: sx(point.x), y: sy(point.y) };
    const text = wording(point, metric, row);
    const element = mark(point.kind, point.colour, place.x, place.y, {
      role: "img",
      "aria-label": text.replaceAll("\n", "; "),
      // One stop for the tab key; the arrows do the rest.
      tabindex: drawn.length ? -1 : 0,
    });
    element.addEventListener("focus", () => showTip(drawn.indexOf(entry)));
    element.addEventListener("blur", hideTip);
    const entry = { ...place, text, element };
    drawn.push(entry);
    picture.append(element);
  }
  picture.addEventListener("pointermove", (event) => showNearest(picture, event));
  picture.addEventListener("pointerdown", (event) => showNearest(picture, event));
  picture.addEventListener("pointerleave", hideTip);
  picture.addEventListener("keydown", walk);
  chart.replaceChildren(picture);
}

function showNearest(picture, event) {
  const box = picture.getBoundingClientRect();
  const scale = picture.viewBox.baseVal.width / box.width;
  const x = (event.clientX - box.left) * scale;
  const y = (event.clientY - box.top) * scale;
  let best = -1;
  let least = 24 ** 2;
  drawn.forEach((point, i) => {
    const away = (point.x - x) ** 2 + (point.y - y) ** 2;
    if (away < least) [best, least] = [i, away];
  });
  if (best < 0) hideTip();
  else showTip(best);
}

function walk(event) {
  const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };
  const last = drawn.length - 1;
  const from = drawn.findIndex((point) => point.element === document.activeElement);
  let to;
  if (event.key in steps) to = Math.min(last, Math.max(0, from + steps[event.key]));
  else if (event.key === "Home") to = 0;
  else if (event.key === "End") to = last;
  else if (event.key === "Escape") hideTip();
  if (to === undefined) return;
  event.preventDefault();
  drawn.forEach((point, i) => point.element.setAttribute("tabindex", i === to ? 0 : -1));
  drawn[to].element.focus({ preventScroll: true });
}

function showTip(index) {
  if (index === current) return;
  hideTip();
  current = index;
  const { x, y, text, element } = drawn[index];
  element.classList.add("chosen");
  tip.textContent = text;
  tip.hidden = false;
  // Beside the point, on the side that has room.
  const room = chart.clientWidth;
  const over = y - tip.offsetHeight - 10;
  tip.style.left = `${Math.max(0, Math.min(x + 10, room - tip.offsetWidth))}px`;
  tip.style.top = `${over >= 0 ? over : y + 12}px`;
}

function hideTip() {
  if (current >= 0) drawn[current].element.classList.remove("chosen");
  current = -1;
  tip.hidden = true;
}

function legend(row, points) {
  const parts = [];
  const count = (kind) => points.filter((point) => point.kind === kind).length;
  for (const kind of ["interior", "exterior"]) {
    const line = row ? row[kind] : { reason: "not measured" };
    const fitted = line.reason === undefined;
    const told = fitted
      ? `R² ${line.r2.toFixed(3)}, RMSE ${error(line.rmse)} ${outcome.points}, ` +
        `ρ ${line.rho.toFixed(3)}, n ${line.n}`
      : `no line: ${line.reason}`;
    const picture = svg("svg", { width: 34, height: 14, "aria-hidden": "true" });
    if (fitted) picture.append(svg("path", { class: `line ${kind}`, d: "M0,7H34" }));
    picture.append(mark(kind, null, 17, 7));
    parts.push(html("div", {}, picture, html("span", {}, `${kind}: ${told}`)));
  }
  parts.push(...familyLegend(points));
  if (row && row.interior.reason === undefined) {
    const picture = svg("svg", { width: 34, height: 14, "aria-hidden": "true" });
    const box = { class: "interval interior", x: 1, y: 1, width: 32, height: 12 };
    picture.append(svg("rect", box));
    const told = `where ${100 * data.level} % of datasets like the interior should lie`;
    parts.push(html("div", {}, picture, html("span", {}, told)));
  }
  if (count("target")) {
    const picture = svg("svg", { width: 34, height: 14, "aria-hidden": "true" });
    picture.append(mark("target", null, 17, 7));
    const told =
      `target (${count("target")}): where its ${outcome.words} is not known, ` +
      "on the interior's line";
    parts.push(html("div", {}, picture, html("span", {}, told)));
  }
  document.getElementById("legend").replaceChildren(...parts);
}

/* Families by colour, where a domain has several. */
function familyLegend(points) {
  const found = new Map();
  for (const { kind, family, colour } of points) {
    if (kind === "target") continue;
    const key = colour === data.others ? `${kind} ${colour}` : `${kind} ${family}`;
    const entry = found.get(key) ?? { kind, colour, families: new Set(), n: 0 };
    entry.families.add(family);
    entry.n += 1;
    found.set(key, entry);
  }
  const entries = [...found.values()];
  if (new Set(entries.map(({ kind }) => kind)).size === entries.length) return [];
  entries.sort((a, b) => a.colour - b.colour);
  const parts = entries.map(({ kind, colour, families, n }) => {
    const picture = svg("svg", { width: 34, height: 14, "aria-hidden": "true" });
    picture.append(mark(kind, colour, 17, 7));
    const [first] = families;
    const name = families.size === 1 ? first : `${families.size} other families`;
    return html("div", {}, picture, html("span", {}, `${name} (${n})`));
  });
  return [html("div", { class: "families" }, ...parts)];
}

/* The same points for those who read rather than look; made when it is opened. */
function fillPoints(metric, points) {
  const frame = document.getElementById("points");
  const details = frame.closest("details");
  frame.replaceChildren();
  const fill = () => {
    if (!details.open || frame.firstChild) return;
    const words = [metric, outcome.words];
    const names = ["dataset", "model", "domain", "family", "traits", ...words];
    const heads = names.map((name, i) =>
      html(
        "th",
        { scope: "col", "aria-sort": "none", class: i > 4 ? "number" : "text" },
        html("button", { type: "button" }, name),
      ),
    );
    heads[5].setAttribute("aria-sort", "ascending");
    const rows = points.map((point) => {
      const known = point.labelled ? { "data-sort": point.y } : {};
      return html(
        "tr",
        {},
        html("th", { scope: "row" }, point.dataset),
        html("td", {}, point.model),
        html("td", {}, point.kind),
        html("td", {}, point.family),
        html("td", {}, point.traits),
        html("td", { class: "number", "data-sort": point.x }, short(point.x)),
        html("td", { class: "number", ...known }, point.labelled ? said(point.y) : "-"),
      );
    });
    frame.append(
      html(
        "div",
        { class: "scroll tall", tabindex: 0, role: "region", "aria-label": "Points" },
        html(
          "table",
          { class: "sortable" },
          html("thead", {}, html("tr", {}, ...heads)),
          html("tbody", {}, ...rows),
        ),
      ),
    );
    offerTable(frame.firstChild);
  };
  details.ontoggle = fill;
  fill();
}

function choose(metric, model) {
  if (!chart) return;
  chooseMetric.value = metric;
  offerModels(model || chooseModel.value);
  draw();
}

/* The models of the metric; the one asked for if it is among them. */
function offerModels(wanted) {
  const rows = data.metrics[chooseMetric.value];
  const options = rows.map(({ model }) =>
    html("option", { value: model ?? ALL }, model ?? "all"),
  );
  chooseModel.replaceChildren(...options);
  const has = rows.some(({ model }) => (model ?? ALL) === wanted);
  chooseModel.value = has ? wanted : (rows[0].model ?? ALL);
}

if (chart) {
  const figure = chart.closest("figure");
  offerPicture(figure, () => `${chooseMetric.value} ${chooseModel.value || "all"}`);
  const names = Object.keys(data.metrics);
  chooseMetric.append(...names.map((name) => html("option", { value: name }, name)));
  // The best metric is the first of the comparison.
  const best = document.querySelector("#ranks tbody a[data-metric]");
  chooseMetric.value = best ? best.dataset.metric : names[0];
  offerModels(undefined);
  chooseMetric.addEventListener("change", () => {
    offerModels(chooseModel.value);
    draw();
  });
  chooseModel.addEventListener("change", draw);
  let width = chart.clientWidth;
  new ResizeObserver(() => {
    if (chart.clientWidth === width) return;
    width = chart.clientWidth;
    draw();
  }).observe(chart);
  draw();
}
