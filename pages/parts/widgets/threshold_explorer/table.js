// The table of tags: a row each, with a handle for the tag's own threshold, its rates, and counts that can be opened.

import { digits, element, focusedIn, t } from "../dom.js";
import { MEASURES, range, rounded, show, whole } from "./numbers.js";
import { positionOf, rowOf } from "./thresholds.js";

const FEW_IMAGES = 30;
const LIKELY = t("With these images, the true value lies between the two numbers in about 95 of 100 cases.");
const COLUMNS = [
  ["name", t("Tag"), t("Click a row to see that tag in the chart.")],
  ["threshold", t("Threshold"), t("Every tag follows the slider until its own handle is moved.")],
  ["images", t("Images"),
    t("Images with this tag. With fewer than {n}, the numbers are uncertain.", { n: digits(FEW_IMAGES) })],
  ["precision", MEASURES.precision[0], MEASURES.precision[1]],
  ["recall", MEASURES.recall[0], MEASURES.recall[1]],
  ["f1", MEASURES.f1[0], MEASURES.f1[1]],
  ["average_precision", t("Av. prec."), MEASURES.average_precision[1]],
  ["tp", t("TP"), t("True positives: images with this tag that the model gave it to."), t("found")],
  ["fp", t("FP"), t("False positives: images without this tag that the model gave it to."), t("wrongly given")],
  ["fn", t("FN"), t("False negatives: images with this tag that the model did not give it to."), t("missed")],
];
const COUNTED = {
  tp: (parts) => t("{n} true positives of {tag}", parts),
  fp: (parts) => t("{n} false positives of {tag}", parts),
  fn: (parts) => t("{n} false negatives of {tag}", parts),
};

/** A text that redrawing writes; it costs nothing to write what is there already. */
export const words = () => document.createTextNode("");
export const write = (node, text) => { if (node.data !== text) node.data = text; };

/** The headers, as [column, th]; each is a button that sorts. */
export function tableHeaders(sort) {
  return COLUMNS.map(([column, title, explained, inWords = ""]) => {
    const button = element("button", { type: "button", title: explained, onclick: () => sort(column) },
      element("span", { className: "word", textContent: inWords }), ` ${title}`);
    return [column, element("th", { scope: "col", className: column }, button)];
  });
}

/** A tag's row. `on` has what its controls do: choose(tag), open(tag, count), turn(tag, percent), follow(tag). */
export function tableRow(state, tag, on) {
  const { name, kind } = state.data.tags[tag];
  const choose = element("button", { type: "button", dir: "auto", textContent: name, title: name });
  const label = element("span", { className: "tag" }, element("i", { className: "swatch" }), choose);
  const mark = (className, textContent, title) => element("span", { className, textContent, title });
  if (kind === "Negative") label.append(mark("badge", t("negative"), t("Images of nothing: none of the other tags.")));
  const { images } = state.swept[0].rows[tag];
  const carried = element("td", { className: "images", textContent: images });
  if (images < FEW_IMAGES) carried.prepend(mark("few", "⚠ ", t("Few images: numbers are uncertain.")));
  const handle = thresholdHandle(name, tag, on);
  const [rates, bars, buttons] = [{}, {}, {}];
  const measured = Object.keys(MEASURES).map((measure) => rateCell(measure, rates, bars));
  const counts = Object.keys(COUNTED).map((count) => {
    const open = (event) => { event.stopPropagation(); on.open(tag, count); };
    buttons[count] = element("button", { type: "button", className: "count", onclick: open }, words());
    Object.assign(buttons[count].dataset, { tag, count });
    return element("td", { className: count }, buttons[count]);
  });
  // The second click of a double one would take back what the first chose.
  const line = element("tr", { onclick: (event) => { if (event.detail < 2) on.choose(tag); } },
    element("td", { className: "name" }, label), handle.cell, carried, ...measured, ...counts);
  return { line, rates, bars, buttons, handle, button: choose, inSight: true, drawn: null };
}

function rateCell(measure, rates, bars) {
  const [number, interval] = (rates[measure] = [words(), words()]);
  const cell = element("td", { className: measure }, number, element("small", { title: LIKELY }, interval));
  if (measure === "precision" || measure === "recall") {
    bars[measure] = element("div", { className: measure === "precision" ? "bar" : "bar striped" },
      element("i"), element("i", { className: "reach" }));
    cell.append(bars[measure]);
  }
  return cell;
}

function thresholdHandle(name, tag, on) {
  const at = words();
  const input = element("input", {
    type: "range", className: "handle", min: 0, max: 100, step: 1, ariaLabel: t("Threshold of {tag}", { tag: name }),
    oninput: () => on.turn(tag, +input.value),
  });
  const follow = element("button", {
    type: "button", className: "follow", title: t("Follow the slider again"), textContent: "↺",
    ariaLabel: t("Let {tag} follow the slider again", { tag: name }), onclick: () => { on.follow(tag); input.focus(); },
  });
  const cell = element("td", { className: "threshold", onclick: (event) => event.stopPropagation() },
    element("div", { className: "own-at" }, element("span", {}, at), follow), input);
  return { cell, at, input, follow };
}

/** Write a row's numbers at its tag's threshold; nothing if they stand there already. */
export function redrawRow(state, tag) {
  const row = state.rows[tag];
  const [position, isOwn] = [positionOf(state, tag), state.own[tag] !== null];
  const drawn = isOwn ? `own ${position}` : position;
  if (row.drawn === drawn) return;
  row.drawn = drawn;
  redrawHandle(row.handle, position, isOwn);
  const measured = rowOf(state, tag);
  for (const [measure, [number, interval]] of Object.entries(row.rates)) {
    write(number, show(measured[measure]));
    write(interval, range(measured.intervals[measure]));
  }
  for (const [measure, bar] of Object.entries(row.bars)) {
    const [low, high] = measured.intervals[measure] ?? [0, 0];
    bar.firstChild.style.clipPath = `inset(0 ${100 - 100 * (measured[measure] ?? 0)}% 0 0)`;
    bar.lastChild.style.cssText = `--low: ${low / 100}; --high: ${high / 100}`;
    bar.lastChild.hidden = measured.intervals[measure] === null;
  }
  for (const [count, button] of Object.entries(row.buttons)) {
    if (button.firstChild.data === `${measured[count]}`) continue;
    write(button.firstChild, `${measured[count]}`);
    button.setAttribute("aria-label", COUNTED[count]({ n: measured[count], tag: measured.name }));
    button.disabled = measured[count] === 0;
  }
}

function redrawHandle({ cell, at, input, follow }, position, isOwn) {
  write(at, whole(position));
  input.value = position;
  input.style.setProperty("--at", position);
  const parts = { threshold: whole(position) };
  const told = isOwn ? t("{threshold}, its own", parts) : t("{threshold}, as the slider", parts);
  input.setAttribute("aria-valuetext", told);
  if (follow.hidden !== isOwn) return;
  cell.classList.toggle("own-row", isOwn);
  follow.hidden = !isOwn;
}

/** Mark on each handle what is saved with the iteration. */
export function markSaved(state) {
  state.rows.forEach(({ handle: { cell, input } }, tag) => {
    const saved = Array.isArray(state.saved) ? state.saved[tag] : state.saved;
    cell.classList.toggle("saved", saved !== null);
    cell.title = saved === null ? "" : t("Saved: {threshold}", { threshold: rounded(saved) });
    input.style.setProperty("--saved", 100 * (saved ?? 0));
  });
}

/** Sort the rows; what is undefined comes last. Not while the slider moves, or rows would jump about. */
export function arrange(state) {
  if (!state.order) return;
  const { column, rising } = state.order;
  for (const [name, header] of state.headers) {
    if (name === column) header.setAttribute("aria-sort", rising ? "ascending" : "descending");
    else header.removeAttribute("aria-sort");
  }
  const key = state.rows.map((_, tag) => rowOf(state, tag)[column]);
  const compare = column === "name" ? (a, b) => a.localeCompare(b, undefined, { numeric: true }) : (a, b) => a - b;
  const order = key.map((_, index) => index).sort((a, b) => {
    if (key[a] === null || key[b] === null) return (key[a] === null) - (key[b] === null);
    return (rising ? 1 : -1) * compare(key[a], key[b]);
  });
  const lines = order.map((index) => state.rows[index].line);
  if (lines.every((line, place) => state.body.children[place] === line)) return;
  const focused = focusedIn(state.root); // it loses the focus when its row is moved
  state.body.append(...lines);
  if (state.body.contains(focused)) focused.focus({ preventScroll: true });
}
