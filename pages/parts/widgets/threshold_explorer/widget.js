// The threshold explorer. Numbers, table, sentences and dots are all worked out from the counts of true positives,
// false positives and false negatives, data.tables.counts[threshold][tag]. A rerun with the same signature touches
// neither the slider nor the table.

import { element, stateOf } from "../dom.js";
import { MARGIN, at, drawPoint, drawn, layout, positionAt } from "./charts.js";
import { MEASURES, likely, range, show, sweep } from "./numbers.js";
import { tell, tellMean } from "./sentences.js";

const REST_MS = 350;
const FEW_IMAGES = 30;
const MANY_TAGS = 25;

const COLUMNS = [
  ["name", "Tag", "Click a row to see that tag in the chart."],
  ["images", "Images", `Images with this tag. With fewer than ${FEW_IMAGES}, the numbers are uncertain.`],
  ["precision", "Precision", MEASURES.precision[1]],
  ["recall", "Recall", MEASURES.recall[1]],
  ["f1", "F1", MEASURES.f1[1]],
  ["average_precision", "Av. prec.", MEASURES.average_precision[1]],
  ["tp", "TP", "True positives: images with this tag that the model gave it to.", "found"],
  ["fp", "FP", "False positives: images without this tag that the model gave it to.", "wrongly given"],
  ["fn", "FN", "False negatives: images with this tag that the model did not give it to.", "missed"],
];
const COUNTED = { tp: "true positives", fp: "false positives", fn: "false negatives" };
const LIKELY = "With these images, the true value lies between the two numbers in about 95 of 100 cases.";

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".explorer");
  const state = stateOf(root, mount);
  state.send = (percent) => setStateValue("threshold", percent / 100);
  state.open = (tag, count) =>
    setTriggerValue("count", { signature: state.data.signature, tag, count, threshold: +state.slider.value / 100 });
  if (state.data?.signature !== data.signature) fill(state, data);
  paint(state);
  // Also called when a newer call overtook this one; then the widget lives on.
  return () => {
    if (root.isConnected) return;
    clearTimeout(state.timer);
    state.resized.disconnect();
    state.sighted.disconnect();
    state.plotly?.purge(state.canvas);
  };
}

// ---- building --------------------------------------------------------------------------------------------------

/** A text that redraw() writes; it costs nothing to write what is there already. */
const words = () => document.createTextNode("");
const write = (node, text) => { if (node.data !== text) node.data = text; };

function mount(state) {
  const { root } = state;
  const find = (selector) => root.querySelector(selector);
  Object.assign(state, {
    data: null, rows: [], chosen: null, order: null, timer: null, sent: null, plotly: null, look: null,
    view: "threshold", lines: {}, size: { width: 0, height: 0 },
    slider: find("#threshold"), output: find("output"), rule: find(".rule"), choice: find("#choice"),
    plot: find(".plot"), wait: find(".wait"), canvas: find(".canvas"), needle: find(".needle"),
    whiskers: [...root.querySelectorAll(".whisker")], dots: [...root.querySelectorAll("circle")],
    views: [...root.querySelectorAll(".views button")], about: find(".about"), body: find("tbody"),
    figures: Object.entries(MEASURES).map(([measure, [title, explained, inShort]]) => {
      const [value, interval, of, note] = [element("b"), element("p", { title: LIKELY }), element("p"), element("p")];
      const label = element("h4", { textContent: title, title: explained });
      find(".figures").append(element("div", {}, label, value, interval, of, note));
      return { measure, inShort, value, interval, of, note };
    }),
    sentences: Object.keys(MEASURES).map((measure) => {
      const text = words();
      find(".sentences").append(element("li", { className: measure }, text));
      return [measure, text];
    }),
    headers: COLUMNS.map(([column, title, explained, inWords = ""]) => {
      const sort = () => sortBy(state, column);
      const button = element("button", { title: explained, onclick: sort },
        element("span", { className: "word", textContent: inWords }), ` ${title}`);
      const header = element("th", { scope: "col", className: column }, button);
      find("thead tr").append(header);
      return [column, header];
    }),
  });
  state.slider.oninput = () => moved(state);
  state.choice.onchange = () => choose(state, state.choice.value === "" ? null : +state.choice.value);
  for (const button of state.views) button.onclick = () => look(state, button.value);
  scrub(state);
  state.resized = new ResizeObserver(() => paint(state));
  state.resized.observe(state.plot);
  // In a long table only visible rows follow each move; others when they become visible or the slider stops.
  state.sighted = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const index = state.rows.findIndex((row) => row.line === target);
      if (index < 0) continue;
      state.rows[index].inSight = isIntersecting;
      if (isIntersecting) redrawRow(state, index);
    }
  }, { rootMargin: "200px" });
}

/** Replace the tags and counts. */
function fill(state, data) {
  // Other counts may have come with an address of their own.
  if (state.data) addressThreshold(data.threshold);
  data = { ...data, tables: JSON.parse(data.tables) };
  Object.assign(state, { data, swept: sweep(data), lines: {}, chosen: null, look: null });
  state.root.style.setProperty("--left", `${MARGIN.l}px`);
  state.root.style.setProperty("--right", `${MARGIN.r}px`);
  if (!state.timer) state.slider.value = state.sent = data.threshold;
  state.choice.replaceChildren(
    element("option", { value: "", textContent: "All tags" }),
    ...data.tags.map((tag, index) => element("option", { value: index, textContent: tag.name })),
  );
  state.rows = data.tags.map((tag, index) => tableRow(state, tag, index));
  state.body.replaceChildren(...state.rows.map((row) => row.line));
  state.sighted.disconnect();
  for (const { line } of state.rows) state.sighted.observe(line);
  load(data.plotly).then(
    (plotly) => { state.plotly = plotly; state.wait.hidden = true; paint(state); },
    () => { state.wait.textContent = "The chart could not be loaded; the numbers and the table are complete."; },
  );
  redraw(state);
  arrange(state);
}

function tableRow(state, tag, index) {
  const [row] = state.swept[0].rows.slice(index);
  const name = element("span", { className: "tag" },
    element("i", { className: "swatch" }),
    element("button", { textContent: tag.name, title: tag.name }));
  const mark = (className, textContent, title) => element("span", { className, textContent, title });
  if (tag.kind === "Negative") name.append(mark("badge", "negative", "Images of nothing: none of the other tags."));
  const cells = { name: element("td", {}, name), images: element("td", { textContent: row.images }) };
  if (row.images < FEW_IMAGES) cells.images.prepend(mark("few", "⚠ ", "Few images: numbers are uncertain."));
  const [rates, bars, buttons] = [{}, {}, {}];
  for (const measure of Object.keys(MEASURES)) {
    const [number, interval] = (rates[measure] = [words(), words()]);
    const rate = element("span", {}, number, element("small", { title: LIKELY }, interval));
    cells[measure] = element("td", {}, rate);
    if (measure !== "precision" && measure !== "recall") continue;
    bars[measure] = element("div", { className: measure === "precision" ? "bar" : "bar striped" },
      element("i"), element("i", { className: "reach" }));
    cells[measure].replaceChildren(element("div", { className: "rate" }, bars[measure], rate));
  }
  for (const count of Object.keys(COUNTED)) {
    const open = (event) => { event.stopPropagation(); clicked(state, index, count); };
    buttons[count] = element("button", { className: "count", onclick: open }, words());
    cells[count] = element("td", {}, buttons[count]);
  }
  const toggle = () => choose(state, state.chosen === index ? null : index);
  const line = element("tr", { onclick: toggle }, ...Object.values(cells));
  return { line, rates, bars, buttons, button: name.querySelector("button"), inSight: true, position: null };
}

// ---- what the user does ----------------------------------------------------------------------------------------

function moved(state) {
  redraw(state);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => rested(state), REST_MS);
}

function rested(state) {
  clearTimeout(state.timer);
  state.timer = null;
  state.rows.forEach((_, index) => redrawRow(state, index));
  arrange(state);
  if (state.sent === +state.slider.value) return;
  state.sent = +state.slider.value;
  state.send(state.sent);
  addressThreshold(state.sent);
}

/** Send the threshold, then the clicked count, to Python. */
function clicked(state, tag, count) {
  rested(state);
  state.open(tag, count);
}

/** Replace the threshold in the page's address, without adding a step to the Back button. */
function addressThreshold(percent) {
  const address = new URL(location.href);
  address.searchParams.set("threshold", percent / 100);
  history.replaceState(history.state, "", address);
}

/** Pressing or dragging anywhere on the plot moves the slider there. */
function scrub(state) {
  const { plot, slider } = state;
  const follow = (event) => {
    const box = plot.getBoundingClientRect();
    slider.value = positionAt(state, event.clientX - box.left, event.clientY - box.top);
    moved(state);
  };
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    plot.setPointerCapture(event.pointerId);
    follow(event);
  });
  plot.addEventListener("pointermove", (event) => { if (plot.hasPointerCapture(event.pointerId)) follow(event); });
  // plotly would cover the page to watch a drag of its own
  const press = (event) => {
    event.stopPropagation();
    event.preventDefault();
    slider.focus({ preventScroll: true });
  };
  plot.addEventListener("mousedown", press, true);
}

function choose(state, index) {
  state.chosen = index;
  tellAll(state);
  paint(state);
}

function look(state, view) {
  state.view = view;
  paint(state);
}

function sortBy(state, column) {
  const rising = state.order?.column === column ? !state.order.rising : column === "name";
  state.order = { column, rising };
  arrange(state);
}

/** Sort the table's rows; what is undefined comes last. Not while the slider moves, or rows would jump about. */
function arrange(state) {
  if (!state.order) return;
  const { column, rising } = state.order;
  for (const [name, header] of state.headers) {
    if (name === column) header.setAttribute("aria-sort", rising ? "ascending" : "descending");
    else header.removeAttribute("aria-sort");
  }
  const key = state.swept[+state.slider.value].rows.map((row) => row[column]);
  const compare = column === "name" ? (a, b) => a.localeCompare(b, undefined, { numeric: true }) : (a, b) => a - b;
  const order = key.map((_, index) => index).sort((a, b) => {
    if (key[a] === null || key[b] === null) return (key[a] === null) - (key[b] === null);
    return (rising ? 1 : -1) * compare(key[a], key[b]);
  });
  state.body.append(...order.map((index) => state.rows[index].line));
}

// ---- drawing: redraw() at every move, paint() when lines, colours or sizes change --------------------------------

function redraw(state) {
  const { data, slider, swept } = state;
  const threshold = +slider.value;
  const { means } = swept[threshold];
  slider.style.setProperty("--at", threshold);
  slider.setAttribute("aria-valuetext", `${threshold} %`);
  state.output.textContent = `${threshold} %`;
  state.rule.textContent = data.multilabel
    ? `An image gets every tag whose probability is at least ${threshold} %.`
    : `The top tag is the answer when its probability is at least ${threshold} %.`;
  state.rows.forEach((row, index) => { if (row.inSight || !long(state)) redrawRow(state, index); });
  for (const { measure, inShort, value, interval, of, note } of state.figures) {
    const mean = means[measure];
    value.textContent = show(mean.value);
    interval.textContent = likely(mean.interval);
    of.textContent = mean.of;
    note.textContent = note.title = mean.without || inShort;
  }
  tellAll(state);
  drawPoint(state);
}

const long = (state) => state.rows.length > MANY_TAGS;

function redrawRow(state, index) {
  const position = +state.slider.value;
  const { rates, bars, buttons } = state.rows[index];
  if (state.rows[index].position === position) return;
  state.rows[index].position = position;
  const measured = state.swept[position].rows[index];
  for (const [measure, [number, interval]] of Object.entries(rates)) {
    write(number, show(measured[measure]));
    write(interval, range(measured.intervals[measure]));
  }
  for (const [measure, bar] of Object.entries(bars)) {
    const [low, high] = measured.intervals[measure] ?? [0, 0];
    bar.firstChild.style.clipPath = `inset(0 ${100 - 100 * (measured[measure] ?? 0)}% 0 0)`;
    bar.lastChild.style.cssText = `--low: ${low / 100}; --high: ${high / 100}`;
    bar.lastChild.hidden = measured.intervals[measure] === null;
  }
  for (const [count, button] of Object.entries(buttons)) {
    if (button.firstChild.data === `${measured[count]}`) continue;
    write(button.firstChild, `${measured[count]}`);
    button.setAttribute("aria-label", `${measured[count]} ${COUNTED[count]} of ${measured.name}`);
    button.disabled = measured[count] === 0;
  }
}

function tellAll(state) {
  const { rows, means } = state.swept[+state.slider.value];
  for (const [measure, text] of state.sentences) {
    write(text, state.chosen === null ? tellMean(measure, means[measure]) : tell(measure, rows[state.chosen]));
  }
  const { value, interval } = at(state, 0, state.chosen, "average_precision");
  state.about.textContent = value === null ? ""
    : `All folds counted together. Average precision, the mean over folds: ${show(value)}, ${likely(interval)}.`;
}

function paint(state) {
  const style = getComputedStyle(state.root);
  const theme = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const colours = theme("chart-categorical-colors").split(/,(?![^(]*\))/);
  const ink = { text: theme("text-color"), ground: theme("background-color"), border: theme("border-color") };
  ink.font = theme("font");
  // kept, because reading it at every move would make the browser lay out the page again
  state.size = { width: state.plot.clientWidth, height: state.plot.clientHeight };
  const seen = JSON.stringify([colours, ink, state.size, state.chosen, state.view, state.plotly !== null]);
  if (seen === state.look || state.size.width === 0) return;
  state.look = seen;

  const colour = (tag) => (tag === null ? ink.text : colours[tag % colours.length]);
  state.choice.value = state.chosen ?? "";
  state.root.dataset.view = state.view;
  for (const button of state.views) button.setAttribute("aria-pressed", button.value === state.view);
  state.rows.forEach(({ line, button }, index) => {
    line.style.setProperty("--colour", colour(index));
    line.classList.toggle("chosen", index === state.chosen);
    button.setAttribute("aria-pressed", index === state.chosen);
  });
  const [solid, hollow] = state.dots;
  solid.style.cssText = `fill: ${colour(state.chosen)}; stroke: ${ink.ground}`;
  hollow.style.cssText = `fill: ${ink.ground}; stroke: ${colour(state.chosen)}`;
  for (const whisker of state.whiskers) whisker.style.stroke = ink.text;
  drawPoint(state);
  state.plotly?.react(state.canvas, drawn(state, colour), layout(state, ink), { displayModeBar: false });
}

/** plotly.js, asked for once per page however many widgets want it; after a failure the next widget asks again. */
function load(address) {
  window.tagwisePlotly ??= new Promise((resolve, reject) => {
    const script = element("script", { src: address });
    script.onload = () => (window.Plotly ? resolve(window.Plotly) : script.onerror());
    script.onerror = () => {
      delete window.tagwisePlotly;
      reject(new Error(`could not load ${address}`));
    };
    document.head.append(script);
  });
  return window.tagwisePlotly;
}
