// Thumbnails that can be selected. The browser holds the selection and sends it to Python, which replaces it with
// another revision.

import { element, focusedIn, gridSteps, isOutdated, stateOf, thumbnail } from "../dom.js";

const REST_MS = 120;

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".gallery");
  const state = stateOf(root, mount);
  state.act = (id) => setTriggerValue("action", id);
  state.send = () => setStateValue("selection", { revision: state.revision, ids: [...state.selected] });
  if (state.revision !== data.revision) {
    clearTimeout(state.timer);
    Object.assign(state, { revision: data.revision, selected: new Set(data.selected), anchor: null });
  }
  if (isOutdated(state, data.items, data.thumbnail_px)) fill(state, data);
  paint(state);
  // Also called when a newer call overtook this one; then the gallery lives on.
  return () => { if (!root.isConnected) clearTimeout(state.timer); };
}

function mount(state) {
  const find = (selector) => state.root.querySelector(selector);
  Object.assign(state, {
    grid: find(".grid"), count: find(".count"), all: find(".all"), none: find(".none"),
    ids: [], selected: new Set(), anchor: null, revision: null, timer: null,
  });
  state.all.onclick = () => put(state, state.ids, true);
  state.none.onclick = () => put(state, state.ids, false);
  state.grid.onclick = (event) => {
    const item = event.target.closest(".item");
    if (item) press(state, items(state).indexOf(item), event.shiftKey);
  };
  state.grid.onkeydown = (event) => key(state, event);
}

function fill(state, { items: all, thumbnail_px }) {
  const focused = focusedIn(state.root)?.dataset.id;
  state.ids = all.map((item) => item.id);
  state.anchor = null;
  state.grid.style.setProperty("--thumbnail", `${thumbnail_px}px`);
  state.grid.replaceChildren(...all.map((item) => (item.action ? withAction(state, item) : tile(item))));
  const back = state.ids.indexOf(focused);
  reach(state, Math.max(back, 0), back >= 0);
}

function tile(item) {
  const caption = item.caption || item.id;
  const frame = element("div", { className: "frame" }, thumbnail(item.src, caption));
  if (item.badge) frame.append(element("span", { className: "badge", textContent: item.badge }));
  frame.append(element("span", { className: "tick" }));
  const made = element("div", { className: "item", tabIndex: -1, title: caption }, frame);
  if (item.tags) made.append(element("div", { className: "tags", textContent: item.tags }));
  for (const note of item.notes ?? []) {
    made.append(element("div", { className: "note", textContent: note, title: note }));
  }
  made.dataset.id = item.id;
  made.setAttribute("role", "option");
  made.setAttribute("aria-label", [caption, item.tags, ...(item.notes ?? []), item.badge].filter(Boolean).join(", "));
  return made;
}

/** A tile with a button below it; pressing the button does not select the tile. */
function withAction(state, item) {
  const { action } = item;
  const button = element("button", { type: "button", className: "action", textContent: action, title: action });
  button.setAttribute("aria-label", `${action}: ${item.caption || item.id}`);
  button.onclick = () => state.act(item.id);
  const cell = element("div", { className: "cell" }, tile(item), button);
  cell.setAttribute("role", "presentation");
  return cell;
}

// ---- what the user does ----------------------------------------------------------------------------------------

const items = (state) => [...state.grid.querySelectorAll(".item")];

function key(state, event) {
  const all = items(state);
  const from = all.indexOf(event.target.closest(".item"));
  if (from < 0) return;
  const steps = gridSteps(state.grid, from, all.length);
  if (event.key in steps) {
    const to = Math.min(Math.max(from + steps[event.key], 0), all.length - 1);
    reach(state, to, true);
    if (event.shiftKey) press(state, to, true);
  } else if (event.key === " " || event.key === "Enter") press(state, from, event.shiftKey);
  else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) put(state, state.ids, true);
  else return;
  event.preventDefault();
}

/** Select or deselect one item; with Shift, give all items from the last changed one to this one its state. */
function press(state, index, shift) {
  const anchor = shift ? state.ids.indexOf(state.anchor) : -1;
  reach(state, index, true);
  if (anchor < 0) {
    state.anchor = state.ids[index];
    put(state, [state.anchor], !state.selected.has(state.anchor));
  } else {
    const range = state.ids.slice(Math.min(anchor, index), Math.max(anchor, index) + 1);
    put(state, range, state.selected.has(state.anchor));
  }
}

function put(state, ids, on) {
  for (const id of ids) {
    if (on) state.selected.add(id);
    else state.selected.delete(id);
  }
  paint(state);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => state.send(), REST_MS);
}

/** The grid is one stop of the Tab key: only the item last reached can be tabbed to. */
function reach(state, index, focus) {
  const all = items(state);
  all.forEach((item, each) => { item.tabIndex = each === index ? 0 : -1; });
  if (focus) all[index]?.focus();
}

function paint(state) {
  let here = 0;
  for (const item of items(state)) {
    const selected = state.selected.has(item.dataset.id);
    item.setAttribute("aria-selected", selected);
    here += selected;
  }
  state.count.textContent = `${here} of ${state.ids.length} selected`;
  state.all.disabled = here === state.ids.length;
  state.none.disabled = here === 0;
}
