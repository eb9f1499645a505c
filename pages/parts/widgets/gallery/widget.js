// Thumbnails that can be selected and opened. The browser holds the selection and sends it to Python, which replaces it
// with another revision.

import {
  afterDialog, digits, element, focusedIn, gridSteps, isolated, isolatedList, isOutdated, stateOf, t, thumbnail,
} from "../dom.js";

const REST_MS = 120;

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".gallery");
  const state = stateOf(root, mount);
  state.act = (id) => setTriggerValue("action", id);
  state.open = (id) => setTriggerValue("opened", id);
  state.send = () => setStateValue("selection", { revision: state.revision, ids: [...state.selected] });
  if (state.revision !== data.revision) {
    clearTimeout(state.timer);
    Object.assign(state, { revision: data.revision, selected: new Set(data.selected), anchor: null, timer: null });
    state.sent = [...data.selected].sort().join();
  }
  if (isOutdated(state, data.items, data.thumbnail_px, data.opens, data.several)) fill(state, data);
  paint(state);
  // Also called when a newer call overtook this one; then the gallery lives on.
  return () => { if (!root.isConnected) clearTimeout(state.timer); };
}

function mount(state) {
  const find = (selector) => state.root.querySelector(selector);
  Object.assign(state, {
    grid: find(".grid"), count: find(".count"), all: find(".all"), none: find(".none"),
    hints: state.root.querySelectorAll(".hint"),
    ids: [], selected: new Set(), anchor: null, revision: null, timer: null, opens: true, several: true,
  });
  state.all.onclick = () => put(state, state.ids, true);
  state.none.onclick = () => put(state, state.ids, false);
  state.grid.onclick = (event) => {
    const item = event.target.closest(".item");
    if (item) press(state, items(state).indexOf(item), event.shiftKey);
  };
  state.grid.ondblclick = (event) => {
    const item = event.target.closest(".item");
    if (item && state.opens) open(state, items(state).indexOf(item));
  };
  state.grid.onkeydown = (event) => key(state, event);
}

function fill(state, { items: all, thumbnail_px, opens, several }) {
  const focused = focusedIn(state.root)?.dataset.id;
  Object.assign(state, { ids: all.map((item) => item.id), anchor: null, opens, several });
  // A list box may hold nothing but options, so tiles with buttons are rows of a grid.
  const roles = all.some((item) => item.action) ? ["grid", "row", "gridcell"] : ["listbox", "presentation", "option"];
  state.grid.style.setProperty("--thumbnail", `${thumbnail_px}px`);
  state.grid.setAttribute("role", roles[0]);
  state.grid.setAttribute("aria-multiselectable", several);
  for (const control of [state.count, state.all, state.none]) control.hidden = !several;
  for (const hint of state.hints) hint.hidden = !opens;
  state.grid.replaceChildren(...all.map((item) => cell(state, item, roles)));
  const back = state.ids.indexOf(focused);
  reach(state, Math.max(back, 0), back >= 0);
}

/** A tile and, if the item has an action, a button below it; pressing the button does not select the tile. */
function cell(state, item, [, row, role]) {
  const made = element("div", { className: "cell" }, tile(item, role));
  made.setAttribute("role", row);
  if (!item.action) return made;
  const button = element("button", { type: "button", className: "action", title: item.action }, isolated(item.action));
  button.setAttribute("aria-label", t("{action}: {image}", { action: item.action, image: item.caption || item.id }));
  button.onclick = () => state.act(item.id);
  const holder = element("div", { className: "holder" }, button);
  holder.setAttribute("role", role);
  made.append(holder);
  return made;
}

/** Its texts are its name for screen readers, the image's own name first. */
function tile(item, role) {
  const caption = item.caption || item.id;
  const frame = element("div", { className: "frame", title: caption }, thumbnail(item.src, caption));
  if (item.badge) frame.append(element("span", { className: "badge" }, isolated(item.badge)));
  frame.append(element("span", { className: "tick", ariaHidden: "true" }));
  const made = element("div", { className: "item", tabIndex: -1 }, frame);
  if (item.tags?.length) made.append(element("div", { className: "tags" }, ...isolatedList([item.tags].flat())));
  for (const note of item.notes ?? []) {
    made.append(element("div", { className: "note", title: note }, isolated(note)));
  }
  made.dataset.id = item.id;
  made.setAttribute("role", role);
  return made;
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
  } else if (event.key === "Enter" && state.opens) open(state, from);
  else if (event.key === " " || event.key === "Enter") press(state, from, event.shiftKey);
  else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey) && state.several) {
    put(state, state.ids, true);
  }
  else return;
  event.preventDefault();
}

/** Ask Python for a large view; when its dialog closes, the focus returns to the item, or to the one in its place. */
function open(state, index) {
  const id = state.ids[index];
  reach(state, index, true);
  // Not after the request: a further rerun would close the dialog.
  if (state.timer) send(state);
  afterDialog(() => {
    const now = state.ids.indexOf(id);
    reach(state, Math.min(now < 0 ? index : now, state.ids.length - 1), true);
  });
  state.open(id);
}

/** Select or deselect one item; with Shift, give all items from the last changed one to this one its state. */
function press(state, index, shift) {
  const anchor = shift && state.several ? state.ids.indexOf(state.anchor) : -1;
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
  if (!state.several) state.selected.clear();
  for (const id of ids) {
    if (on) state.selected.add(id);
    else state.selected.delete(id);
  }
  paint(state);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => send(state), REST_MS);
}

function send(state) {
  clearTimeout(state.timer);
  state.timer = null;
  const ids = [...state.selected].sort().join();
  if (ids !== state.sent) state.send();
  state.sent = ids;
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
  state.count.textContent = t("{number} of {all} selected", {
    number: digits(here), all: digits(state.ids.length),
  });
  state.all.disabled = here === state.ids.length;
  state.none.disabled = here === 0;
}
