// The threshold explorer. Numbers, table, line and dots are all worked out from data.counts[threshold][tag], three
// counts each: true positives, false positives, false negatives. Names are put on the page as text, never as HTML.
//
// Streamlit calls the default function again whenever data or theme change, so what must outlive a call stands in a
// state per widget. A rerun with the same signature touches neither the slider nor the table.

const states = new WeakMap();
const REST_MS = 350;
const FEW_IMAGES = 30;

// title, what it means, the same in a few words, what a tag lacks where it is undefined
const MEASURES = {
  precision: [
    "Precision", "Of the images the model gave a tag, how many really have it.",
    "how often it is right", "no predictions",
  ],
  recall: [
    "Recall", "Of the images that have a tag, how many the model found.",
    "how much it finds", "no images",
  ],
  f1: [
    "F1", "Precision and recall in one number; it is high only when both are.",
    "both in one number", "no images or predictions",
  ],
  average_precision: [
    "Average precision", "How well the model puts images with a tag before images without it.",
    "over all thresholds", "no images",
  ],
};
const COLUMNS = [
  ["name", "Tag", "Click a row to see that tag in the chart."],
  ["images", "Images", `Images with this tag. With fewer than ${FEW_IMAGES}, the numbers are uncertain.`],
  ["precision", "Precision", MEASURES.precision[1]],
  ["recall", "Recall", MEASURES.recall[1]],
  ["f1", "F1", MEASURES.f1[1]],
  ["average_precision", "Av. prec.", MEASURES.average_precision[1]],
  ["tp", "TP", "True positives: images with this tag that the model gave it to."],
  ["fp", "FP", "False positives: images without this tag that the model gave it to all the same."],
  ["fn", "FN", "False negatives: images with this tag that the model did not give it to."],
];

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".explorer");
  const state = states.get(root) ?? mount(root);
  state.send = (percent) => setStateValue("threshold", percent / 100);
  if (state.data?.signature !== data.signature) fill(state, data);
  paint(state);
  // Also called when a newer call overtook this one; then the widget lives on.
  return () => {
    if (root.isConnected) return;
    clearTimeout(state.timer);
    state.resized.disconnect();
    state.plotly?.purge(state.canvas);
  };
}

// ---- arithmetic ------------------------------------------------------------------------------------------------

// Rates are 0..1 and null where undefined, as in cvcore/metrics.py.
const ratio = (part, whole) => (whole > 0 ? part / whole : null);
const mean = (rates) => ratio(rates.reduce((sum, rate) => sum + rate, 0), rates.length);
const show = (rate) => (rate === null ? "–" : `${(100 * rate).toFixed(1)} %`);
const short = (name) => (name.length > 24 ? `${name.slice(0, 23)}…` : name);
const plural = (count) => (count === 1 ? "1 tag" : `${count} tags`);

function measured([tp, fp, fn], tag) {
  return {
    name: tag.name, images: tag.images, tp, fp, fn,
    precision: ratio(tp, tp + fp),
    recall: ratio(tp, tp + fn),
    f1: ratio(2 * tp, 2 * tp + fp + fn),
    average_precision: tag.average_precision,
  };
}

/** The mean of a measure over the tags that have it, over how many that is, and which others have not. */
function overall(measure, rows) {
  const defined = rows.map((row) => row[measure]).filter((value) => value !== null);
  const missing = rows.filter((row) => row[measure] === null);
  const of = missing.length ? `${defined.length} of ${plural(rows.length)}` : plural(rows.length);
  const who = missing.length === 1 ? short(missing[0].name) : plural(missing.length);
  const without = missing.length ? `${who}: ${MEASURES[measure][3]}` : "";
  return { value: mean(defined), of: `mean of ${of}`, without };
}

// ---- building --------------------------------------------------------------------------------------------------

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function mount(root) {
  const find = (selector) => root.querySelector(selector);
  const state = {
    data: null, rows: [], chosen: null, order: null, timer: null, sent: null, plotly: null, look: null,
    size: { width: 0, height: 0 },
    root, slider: find("#threshold"), output: find("output"), rule: find(".rule"), choice: find("#choice"),
    plot: find(".plot"), wait: find(".wait"), canvas: find(".canvas"), needle: find("line"),
    dots: [...root.querySelectorAll("circle")], body: find("tbody"),
    figures: Object.entries(MEASURES).map(([measure, [title, explained, inShort]]) => {
      const [value, of, note] = [element("b"), element("p"), element("p")];
      const label = element("h4", { textContent: title, title: explained });
      find(".figures").append(element("div", {}, label, value, of, note));
      return { measure, inShort, value, of, note };
    }),
    headers: COLUMNS.map(([column, title, explained]) => {
      const sort = () => sortBy(state, column);
      const button = element("button", { textContent: title, title: explained, onclick: sort });
      const header = element("th", { scope: "col", className: column }, button);
      find("thead tr").append(header);
      return [column, header];
    }),
  };
  states.set(root, state);
  state.slider.oninput = () => moved(state);
  state.choice.onchange = () => choose(state, state.choice.value === "" ? null : +state.choice.value);
  scrub(state);
  state.resized = new ResizeObserver(() => paint(state));
  state.resized.observe(state.plot);
  return state;
}

/** Take over other tags and counts. */
function fill(state, data) {
  // Other counts may have come with an address of their own.
  if (state.data) note(data.threshold);
  Object.assign(state, { data, figure: JSON.parse(data.figure), chosen: null, look: null });
  const { l, r } = state.figure.layout.margin;
  state.root.style.setProperty("--left", `${l}px`);
  state.root.style.setProperty("--right", `${r}px`);
  if (!state.timer) state.slider.value = state.sent = data.threshold;
  state.choice.replaceChildren(
    element("option", { value: "", textContent: "All tags" }),
    ...data.tags.map((tag, index) => element("option", { value: index, textContent: tag.name })),
  );
  state.rows = data.tags.map((tag, index) => tableRow(state, tag, index));
  state.body.replaceChildren(...state.rows.map((row) => row.line));
  load(data.plotly).then(
    (plotly) => { state.plotly = plotly; state.wait.hidden = true; paint(state); },
    () => { state.wait.textContent = "The chart could not be loaded; the numbers and the table are complete."; },
  );
  redraw(state);
  arrange(state);
}

function tableRow(state, tag, index) {
  const name = element("span", { className: "tag" },
    element("i", { className: "swatch" }),
    element("button", { textContent: tag.name, title: tag.name }));
  const mark = (className, textContent, title) => element("span", { className, textContent, title });
  if (tag.kind === "Negative") name.append(mark("badge", "negative", "Images of nothing: none of the other tags."));
  const cells = { name: element("td", {}, name), images: element("td", { textContent: tag.images }) };
  if (tag.images < FEW_IMAGES) cells.images.prepend(mark("few", "⚠ ", "Few images: numbers are uncertain."));
  const bars = {};
  for (const [measure, look] of [["precision", "bar"], ["recall", "bar striped"]]) {
    bars[measure] = element("i");
    const [bar, number] = [element("div", { className: look }, bars[measure]), element("span")];
    cells[measure] = element("td", {}, element("div", { className: "rate" }, bar, number));
  }
  for (const column of ["f1", "average_precision", "tp", "fp", "fn"]) cells[column] = element("td");
  cells.average_precision.textContent = show(tag.average_precision);
  const toggle = () => choose(state, state.chosen === index ? null : index);
  const line = element("tr", { onclick: toggle }, ...Object.values(cells));
  return { line, cells, bars, button: name.querySelector("button") };
}

// ---- what the user does ----------------------------------------------------------------------------------------

function moved(state) {
  redraw(state);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => rested(state), REST_MS);
}

function rested(state) {
  state.timer = null;
  arrange(state);
  if (state.sent === +state.slider.value) return;
  state.sent = +state.slider.value;
  state.send(state.sent);
  note(state.sent);
}

/** Put the threshold into the page's address in place of the one there, so that it is no step of the Back button. */
function note(percent) {
  const address = new URL(location.href);
  address.searchParams.set("threshold", percent / 100);
  history.replaceState(history.state, "", address);
}

/** Pressing or dragging anywhere on the plot moves the slider there. */
function scrub(state) {
  const { plot, slider } = state;
  const follow = (event) => {
    const { l, r } = state.figure.layout.margin;
    const box = plot.getBoundingClientRect();
    slider.value = Math.round((100 * (event.clientX - box.left - l)) / (box.width - l - r));
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
  const key = state.rows.map((row) => row.measured[column]);
  const compare = column === "name" ? (a, b) => a.localeCompare(b, undefined, { numeric: true }) : (a, b) => a - b;
  const order = key.map((_, index) => index).sort((a, b) => {
    if (key[a] === null || key[b] === null) return (key[a] === null) - (key[b] === null);
    return (rising ? 1 : -1) * compare(key[a], key[b]);
  });
  state.body.append(...order.map((index) => state.rows[index].line));
}

// ---- drawing: redraw() at every move, paint() when lines, colours or sizes change --------------------------------

function redraw(state) {
  const { data, rows, slider } = state;
  const threshold = +slider.value;
  slider.style.setProperty("--at", threshold);
  slider.setAttribute("aria-valuetext", `${threshold} %`);
  state.output.textContent = `${threshold} %`;
  state.rule.textContent = data.multilabel
    ? `An image gets every tag whose probability is at least ${threshold} %.`
    : `The top tag is the answer when its probability is at least ${threshold} %.`;
  rows.forEach((row, index) => {
    row.measured = measured(data.counts[threshold][index], data.tags[index]);
    for (const measure of ["precision", "recall"]) {
      row.cells[measure].firstChild.lastChild.textContent = show(row.measured[measure]);
      row.bars[measure].style.clipPath = `inset(0 ${100 - 100 * (row.measured[measure] ?? 0)}% 0 0)`;
    }
    row.cells.f1.textContent = show(row.measured.f1);
    for (const count of ["tp", "fp", "fn"]) row.cells[count].textContent = row.measured[count];
  });
  for (const { measure, inShort, value, of, note } of state.figures) {
    const mean = overall(measure, rows.map((row) => row.measured));
    value.textContent = show(measure === "average_precision" ? data.average_precision : mean.value);
    of.textContent = mean.of;
    note.textContent = note.title = mean.without || inShort;
  }
  point(state);
}

/** The line at the slider's position and a dot on each of the two strong lines. */
function point(state) {
  const { margin, xaxis, yaxis } = state.figure.layout;
  const [width, height] = [state.size.width - margin.l - margin.r, state.size.height - margin.t - margin.b];
  const x = margin.l + (width * +state.slider.value) / xaxis.range[1];
  const set = (node, attributes) => {
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  };
  set(state.needle, { x1: x, x2: x, y1: margin.t, y2: margin.t + height });
  const rows = state.rows.map((row) => row.measured);
  ["precision", "recall"].forEach((measure, index) => {
    const value = state.chosen === null ? overall(measure, rows).value : rows[state.chosen][measure];
    const y = margin.t + height * (1 - (100 * value) / yaxis.range[1]);
    set(state.dots[index], { cx: x, cy: y, visibility: value === null ? "hidden" : "visible" });
  });
}

function paint(state) {
  const style = getComputedStyle(state.root);
  const theme = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const colours = theme("chart-categorical-colors").split(/,(?![^(]*\))/);
  const ink = { text: theme("text-color"), ground: theme("background-color"), border: theme("border-color") };
  ink.font = theme("font");
  // kept, as asking for it at every move would make the browser lay out the page once more
  state.size = { width: state.plot.clientWidth, height: state.plot.clientHeight };
  const look = JSON.stringify([colours, ink, state.size, state.chosen, state.plotly !== null]);
  if (look === state.look || state.size.width === 0) return;
  state.look = look;

  const colour = (tag) => (tag === null ? ink.text : colours[tag % colours.length]);
  state.choice.value = state.chosen ?? "";
  state.rows.forEach(({ line, button }, index) => {
    line.style.setProperty("--colour", colour(index));
    line.classList.toggle("chosen", index === state.chosen);
    button.setAttribute("aria-pressed", index === state.chosen);
  });
  const [solid, hollow] = state.dots;
  solid.style.cssText = `fill: ${colour(state.chosen)}; stroke: ${ink.ground}`;
  hollow.style.cssText = `fill: ${ink.ground}; stroke: ${colour(state.chosen)}`;
  point(state);
  state.plotly?.react(state.canvas, lines(state, colour), layout(state, ink), { displayModeBar: false });
}

/** The chart's lines: the chosen tag's pair, or the mean's, strong before all others. */
function lines(state, colour) {
  const faint = state.chosen !== null ? 0.15 : state.rows.length > 10 ? 0.25 : 0.45;
  return state.figure.data.map((line) => {
    const strong = line.meta.tag === state.chosen;
    return {
      ...line,
      line: { ...line.line, color: colour(line.meta.tag), width: strong ? 3 : 1.25 },
      opacity: strong ? 1 : faint,
      zorder: strong ? 1 : 0,
      // while it has a template, plotly disregards hoverinfo
      ...(strong || state.chosen === null ? {} : { hovertemplate: null, hoverinfo: "skip" }),
    };
  });
}

function layout(state, ink) {
  const { xaxis, yaxis, ...rest } = state.figure.layout;
  const axis = { gridcolor: ink.border, linecolor: ink.border, tickcolor: ink.border };
  return {
    ...rest,
    ...state.size,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: ink.font, size: 13, color: ink.text },
    hoverlabel: { bgcolor: ink.ground, bordercolor: ink.border, font: { family: ink.font, size: 13, color: ink.text } },
    xaxis: { ...xaxis, ...axis, showline: true },
    yaxis: { ...yaxis, ...axis },
  };
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
