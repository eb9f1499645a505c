// A table of tags against tags. A click sends the cell to Python, which says which one is open.

import { digits, element, focusedIn, inPercent, isOutdated, perCent, stateOf, t, tn } from "../dom.js";

// The size of the cells by the largest number of columns.
const SIZES = [[7, "large"], [16, "medium"], [40, "small"], [Infinity, "tiny"]];

const TITLES = {
  matrix: { rows: t("tagged ↓"), columns: t("answered with →") },
  swaps: { rows: t("missed ↓"), columns: t("wrongly given →") },
};
const HINT = t("Click a number to see its images.");

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".confusion");
  const state = stateOf(root, mount);
  state.send = (number) => setTriggerValue("clicked", { signature: state.data.signature, ...number });
  const isOther = JSON.stringify(state.opened) !== JSON.stringify(data.opened);
  state.opened = data.opened;
  if (isOutdated(state, data.signature, data.kind, data.tags, data.counts, data.totals)) {
    if (state.data?.signature !== data.signature) state.at = [0, 0];
    state.data = data;
    fill(state);
  } else if (isOther) read(state, null);
  paint(state);
}

function mount(state) {
  const find = (selector) => state.root.querySelector(selector);
  Object.assign(state, {
    head: find("thead"), body: find("tbody"), foot: find("tfoot"), readout: find(".readout"), units: find("fieldset"),
    data: null, opened: null, at: [0, 0], rows: [],
  });
  state.units.onchange = () => label(state);
  state.body.onclick = (event) => choose(state, event.target.closest("td[data-at]"));
  state.body.onkeydown = (event) => key(state, event);
  state.body.onmouseover = (event) => read(state, event.target.closest("td[data-at]"));
  state.body.addEventListener("focusin", (event) => read(state, event.target.closest("td[data-at]")));
  state.body.onmouseleave = () => read(state, focusedIn(state.root)?.closest?.("td[data-at]"));
}

// ---- building --------------------------------------------------------------------------------------------------

function fill(state) {
  const { counts, kind, totals } = state.data;
  const focused = focusedIn(state.root)?.tagName === "TD";
  const columns = counts[0].length;
  state.root.dataset.size = SIZES.find(([most]) => columns <= most)[1];
  state.root.style.setProperty("--columns", columns + 1);
  const corner = element("td", { className: "corner" },
    element("span", { textContent: TITLES[kind].columns }), element("span", { textContent: TITLES[kind].rows }));
  const titles = Array.from({ length: columns }, (_, column) => header(state, column, "col", t("no answer")));
  state.head.replaceChildren(element("tr", {}, corner, ...titles, sum("th", t("tagged"), { scope: "col" })));
  state.rows = counts.map((row, at) => row.map((count, column) => cell(state, at, column, count)));
  state.body.replaceChildren(...state.rows.map((cells, at) =>
    element("tr", {}, header(state, at, "row", t("no tag")), ...cells, sum("td", digits(totals[0][at])))));
  state.foot.replaceChildren(element("tr", {}, sum("th", t("answered"), { scope: "row" }),
    ...totals[1].map((total) => sum("td", digits(total))), sum("td", "")));
  const [row, column] = state.at;
  state.at = [Math.min(row, counts.length - 1), Math.min(column, columns - 1)];
  reach(state, ...state.at, focused);
  label(state);
  read(state, null);
}

function header(state, index, scope, none) {
  const name = state.data.tags[index] ?? none;
  const made = element("th", { scope, title: name }, element("span", { textContent: name, dir: "auto" }));
  made.classList.toggle("none", index >= state.data.tags.length);
  return made;
}

const sum = (tag, textContent, properties = {}) =>
  element(tag, { className: "sum", ...properties }, element("span", { textContent }));

function cell(state, row, column, count) {
  const { kind, tags, totals } = state.data;
  const right = row === column && kind === "matrix";
  const none = column >= tags.length || row >= tags.length;
  const made = element("td", { tabIndex: -1, className: right ? "right" : none ? "none" : "wrong" });
  made.dataset.at = `${row},${column}`;
  if (row === column && kind === "swaps") made.className = "void";
  if (!count) return made;
  made.classList.add("filled");
  // The square root makes a share of 2 % visible; at two thirds of the colour the number stays readable.
  made.style.setProperty("--mix", `${Math.round(14 + 54 * Math.sqrt(count / (totals[0][row] || count)))}%`);
  return made;
}

/** Write the numbers: counts, or shares of their rows in per cent; the names of the cells begin with them. */
function label(state) {
  const { counts } = state.data;
  const shares = state.units.querySelector(":checked").value === "shares";
  state.root.dataset.unit = shares ? "shares" : "counts";
  state.rows.forEach((cells, row) => cells.forEach((each, column) => {
    if (!counts[row][column]) return;
    const text = shares ? share(state, row, column) : digits(counts[row][column]);
    const told = sentence(state, row, column);
    each.setAttribute("aria-label", shares ? `${text}: ${told}` : told);
    if (state.root.dataset.size !== "tiny") each.textContent = text;
  }));
}

function share(state, row, column) {
  const rate = (100 * state.data.counts[row][column]) / state.data.totals[0][row];
  const text = rate > 0 && rate < 1 ? "<1" : `${Math.round(rate)}`;
  return ["large", "medium"].includes(state.root.dataset.size) ? perCent(text).replace(" ", "\u00A0") : text;
}

// ---- words -----------------------------------------------------------------------------------------------------

/** A name of a tag inside a sentence, with its own direction of writing. */
const apart = (name) => `\u2068${name}\u2069`;

function sentence(state, row, column) {
  const { kind, tags, counts, totals } = state.data;
  const [count, total] = [counts[row][column], totals[0][row]];
  const [tag, answer] = [apart(tags[row]), apart(tags[column])];
  const images = row < tags.length ? tn(total, "of {n} image tagged {tag}", "of {n} images tagged {tag}", { tag })
    : tn(total, "of {n} image without a tag", "of {n} images without a tag");
  const parts = { of_images: images, answer, share: total ? inPercent(count / total) : "–" };
  if (kind === "swaps" && row === column) return t("A tag cannot be both missed and wrongly given.");
  if (kind === "swaps") {
    return tn(count, "{n} {of_images} missed it and was wrongly given {answer} ({share}).",
      "{n} {of_images} missed it and were wrongly given {answer} ({share}).", parts);
  }
  if (column >= tags.length) {
    return tn(count, "{n} {of_images} got no answer ({share}).", "{n} {of_images} got no answer ({share}).", parts);
  }
  if (row === column) {
    return tn(count, "{n} {of_images} was answered correctly ({share}).",
      "{n} {of_images} were answered correctly ({share}).", parts);
  }
  return tn(count, "{n} {of_images} was answered with {answer} ({share}).",
    "{n} {of_images} were answered with {answer} ({share}).", parts);
}

function read(state, td) {
  state.root.querySelectorAll(".pointed").forEach((each) => each.classList.remove("pointed"));
  const shown = td?.dataset.at ?? state.opened?.join(",");
  const [row, column] = (shown ?? "").split(",").map(Number);
  if (!shown || !state.rows[row]?.[column]) {
    state.readout.textContent = HINT;
    return;
  }
  state.readout.textContent = sentence(state, row, column);
  state.head.rows[0].cells[column + 1].classList.add("pointed");
  state.body.rows[row].cells[0].classList.add("pointed");
}

// ---- what the user does ----------------------------------------------------------------------------------------

function key(state, event) {
  const td = event.target.closest("td[data-at]");
  if (!td) return;
  const [row, column] = state.at;
  const [rows, columns] = [state.rows.length - 1, state.rows[0].length - 1];
  const to = {
    ArrowRight: [row, column + 1], ArrowLeft: [row, column - 1],
    ArrowDown: [row + 1, column], ArrowUp: [row - 1, column],
    Home: [row, 0], End: [row, columns], PageUp: [0, column], PageDown: [rows, column],
  }[event.key];
  if (to) reach(state, Math.min(Math.max(to[0], 0), rows), Math.min(Math.max(to[1], 0), columns), true);
  else if (event.key === "Enter" || event.key === " ") choose(state, td);
  else return;
  event.preventDefault();
}

/** The table is one stop of the Tab key: only the cell last reached can be tabbed to. */
function reach(state, row, column, focus) {
  const [before, after] = state.at;
  state.rows[before]?.[after]?.setAttribute("tabindex", -1);
  state.at = [row, column];
  state.rows[row][column].setAttribute("tabindex", 0);
  if (focus) state.rows[row][column].focus();
}

function choose(state, td) {
  if (!td) return;
  const [row, column] = td.dataset.at.split(",").map(Number);
  reach(state, row, column, true);
  if (!td.classList.contains("filled")) return;
  state.opened = [row, column];
  state.send({ row, column });
  paint(state);
}

function paint(state) {
  state.body.querySelectorAll("[aria-selected]").forEach((each) => each.removeAttribute("aria-selected"));
  if (!state.opened) return;
  state.rows[state.opened[0]]?.[state.opened[1]]?.setAttribute("aria-selected", true);
}
