// A table of tags against tags. The browser decides which cell is open and sends it to Python.

import { choiceOf, counted, digits, element, focusedIn, inPercent, isOutdated, stateOf } from "../dom.js";

// The size of the cells by the largest number of columns.
const SIZES = [[7, "large"], [16, "medium"], [40, "small"], [Infinity, "tiny"]];

const WORDS = {
  matrix: { rows: "tagged", columns: "answered with", hint: "Point at a cell to read it, click it to see its images." },
  swaps: { rows: "missed", columns: "wrongly given", hint: "Point at a cell to read it, click it to see its images." },
};

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".confusion");
  const state = stateOf(root, mount);
  state.send = (chosen) => setStateValue("chosen", chosen && { signature: state.data.signature, ...chosen });
  if (!isOutdated(state, data.signature, data.kind, data.tags, data.counts, data.totals)) return;
  if (state.data?.signature !== data.signature) Object.assign(state, { chosen: choiceOf(data), at: [0, 0] });
  state.data = data;
  fill(state);
}

function mount(state) {
  const find = (selector) => state.root.querySelector(selector);
  Object.assign(state, {
    head: find("thead"), body: find("tbody"), readout: find(".readout"), units: find("fieldset"),
    data: null, chosen: null, at: [0, 0], rows: [],
  });
  state.units.onchange = () => label(state);
  state.body.onclick = (event) => choose(state, event.target.closest("td"));
  state.body.onkeydown = (event) => key(state, event);
  state.body.onmouseover = (event) => read(state, event.target.closest("td"));
  state.body.addEventListener("focusin", (event) => read(state, event.target.closest("td")));
  state.body.onmouseleave = () => read(state, focusedIn(state.root)?.closest?.("td"));
}

// ---- building --------------------------------------------------------------------------------------------------

function fill(state) {
  const { counts, kind } = state.data;
  const focused = focusedIn(state.root)?.tagName === "TD";
  const columns = counts[0].length;
  state.root.dataset.size = SIZES.find(([most]) => columns <= most)[1];
  const words = WORDS[kind];
  const corner = element("td", { className: "corner" },
    element("span", { textContent: `${words.columns} →` }), element("span", { textContent: `${words.rows} ↓` }));
  const titles = Array.from({ length: columns }, (_, column) => header(state, column, "col", "no answer"));
  state.head.replaceChildren(element("tr", {}, corner, ...titles));
  state.rows = counts.map((row, at) => row.map((count, column) => cell(state, at, column, count)));
  state.body.replaceChildren(
    ...state.rows.map((cells, at) => element("tr", {}, header(state, at, "row", "no tag"), ...cells)));
  if (state.chosen && !(counts[state.chosen.row]?.[state.chosen.column] > 0)) close(state);
  const [row, column] = state.at;
  state.at = [Math.min(row, counts.length - 1), Math.min(column, columns - 1)];
  reach(state, ...state.at, focused);
  label(state);
  paint(state);
  read(state, null);
}

function header(state, index, scope, none) {
  const name = state.data.tags[index] ?? none;
  const made = element("th", { scope, title: name }, element("span", { textContent: name }));
  made.classList.toggle("none", index >= state.data.tags.length);
  return made;
}

function cell(state, row, column, count) {
  const { kind, tags, totals } = state.data;
  const right = row === column && kind === "matrix";
  const none = column >= tags.length || row >= tags.length;
  const made = element("td", { tabIndex: -1, className: right ? "right" : none ? "none" : "wrong" });
  made.setAttribute("role", "gridcell");
  made.dataset.at = `${row},${column}`;
  if (row === column && kind === "swaps") made.className = "void";
  if (!count) return made;
  made.classList.add("filled");
  made.setAttribute("aria-label", sentence(state, row, column));
  // The square root makes a share of 2 % visible; at two thirds of the colour the number stays readable.
  made.style.setProperty("--mix", `${Math.round(14 + 54 * Math.sqrt(count / (totals[row] || count)))}%`);
  return made;
}

/** Write the numbers: counts, or shares of their rows in per cent. */
function label(state) {
  const { counts, totals } = state.data;
  const shares = state.units.querySelector(":checked").value === "shares";
  const sign = ["large", "medium"].includes(state.root.dataset.size) ? " %" : "";
  state.root.dataset.unit = shares ? "shares" : "counts";
  if (state.root.dataset.size === "tiny") return;
  state.rows.forEach((cells, row) => cells.forEach((each, column) => {
    const count = counts[row][column];
    const share = (100 * count) / totals[row];
    each.textContent = !count ? "" : shares ? `${share > 0 && share < 1 ? "<1" : Math.round(share)}${sign}` : count;
  }));
}

// ---- words -----------------------------------------------------------------------------------------------------

function sentence(state, row, column) {
  const { kind, tags, counts, totals } = state.data;
  const [count, total, tag] = [counts[row][column], totals[row], tags[row]];
  const images = counted(total, "image");
  const share = total ? ` (${inPercent(count / total)})` : "";
  if (kind === "swaps") {
    if (row === column) return "A tag cannot be both missed and wrongly given.";
    return `${digits(count)} of ${images} tagged ${tag} missed it and were wrongly given ${tags[column]}${share}.`;
  }
  const whose = tag === undefined ? `${images} without a tag` : `${images} tagged ${tag}`;
  const what = column >= tags.length ? "got no answer"
    : `${count === 1 ? "was" : "were"} answered ${row === column ? "correctly" : `with ${tags[column]}`}`;
  return `${digits(count)} of ${whose} ${what}${share}.`;
}

function read(state, td) {
  state.root.querySelectorAll(".pointed").forEach((each) => each.classList.remove("pointed"));
  const shown = td?.dataset.at ?? (state.chosen ? `${state.chosen.row},${state.chosen.column}` : null);
  if (shown === null) {
    state.readout.textContent = WORDS[state.data.kind].hint;
    return;
  }
  const [row, column] = shown.split(",").map(Number);
  state.readout.textContent = sentence(state, row, column);
  state.head.rows[0].cells[column + 1].classList.add("pointed");
  state.body.rows[row].cells[0].classList.add("pointed");
}

// ---- what the user does ----------------------------------------------------------------------------------------

function key(state, event) {
  const td = event.target.closest("td");
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
  if (state.chosen?.row === row && state.chosen.column === column) close(state);
  else {
    state.chosen = { row, column };
    state.send(state.chosen);
  }
  paint(state);
  read(state, td);
}

function close(state) {
  state.chosen = null;
  state.send(null);
}

function paint(state) {
  state.body.querySelectorAll("[aria-selected]").forEach((each) => each.removeAttribute("aria-selected"));
  if (state.chosen) state.rows[state.chosen.row][state.chosen.column].setAttribute("aria-selected", true);
}
