// Images that only one of two iterations has right. Everything happens in the browser: more of a list, one image large.

import { digits, element, isOutdated, stateOf, t, thumbnail, tn } from "../dom.js";

// How many of a list are shown at first, and how many more by each press of its button.
const FIRST = 12;
const MORE = 24;

export default function ({ data, parentElement }) {
  const state = stateOf(parentElement.querySelector(".changed"), mount);
  if (!isOutdated(state, data)) return;
  state.data = data;
  state.dialog.close();
  state.lists.replaceChildren(...data.sides.map((side, index) => drawn(state, side, index)));
}

function mount(state) {
  const find = (selector) => state.root.querySelector(selector);
  Object.assign(state, {
    lists: find(".sides"), dialog: find("dialog"), name: find("h4"), image: find("dialog img"), facts: find("dl"),
    place: find(".place"), previous: find(".previous"), next: find(".next"), data: null, open: null,
  });
  find(".close").onclick = () => state.dialog.close();
  state.previous.onclick = () => step(state, -1);
  state.next.onclick = () => step(state, 1);
  state.dialog.onclick = (event) => { if (event.target === state.dialog) state.dialog.close(); };
  state.dialog.onkeydown = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) step(state, by);
  };
  // The image last seen large has the focus again.
  state.dialog.onclose = () => { if (state.open) cards(state, state.open.side)[state.open.index]?.focus(); };
}

function drawn(state, { title, about, kind }, side) {
  const list = element("ul");
  const more = element("button", { type: "button", className: "more" });
  more.onclick = () => grow(state, side, list, more, MORE);
  const made = element("section", { className: `side ${kind}` },
    element("h4", { textContent: title }), element("p", { textContent: about }), list, more);
  grow(state, side, list, more, FIRST);
  return made;
}

/** Add images to a list; the button below says how many are left. */
function grow(state, side, list, more, number) {
  const { items } = state.data.sides[side];
  const from = list.children.length;
  const added = items.slice(from, from + number);
  list.append(...added.map((item, index) => element("li", {}, card(state, item, side, from + index))));
  const left = items.length - list.children.length;
  more.hidden = !left;
  more.textContent = tn(Math.min(left, MORE), "Show {n} more", "Show {n} more");
  if (from) list.children[from]?.firstChild.focus();
}

function card(state, item, side, index) {
  const [earlier, later] = item.answers;
  const made = element("button", { type: "button", className: "card", title: item.name },
    element("span", { className: "frame" }, thumbnail(item.src, "")),
    element("bdi", { className: "tags", textContent: item.tags }),
    element("span", { className: "answers" }, element("bdi", { textContent: earlier.short }), " → ",
      element("bdi", { textContent: later.short })));
  made.onclick = () => open(state, side, index);
  return made;
}

const cards = (state, side) => [...state.lists.children[side].querySelectorAll(".card")];

function open(state, side, index) {
  state.open = { side, index };
  paint(state);
  state.dialog.showModal();
  state.name.focus();
}

function step(state, by) {
  const { side, index } = state.open;
  const { items } = state.data.sides[side];
  const to = index + by;
  if (to < 0 || to >= items.length) return;
  state.open.index = to;
  if (to >= cards(state, side).length) state.lists.children[side].querySelector(".more").click();
  paint(state);
}

function paint(state) {
  const { side, index } = state.open;
  const { items, kind } = state.data.sides[side];
  const item = items[index];
  state.name.textContent = item.name;
  Object.assign(state.image, { src: item.large, alt: item.name });
  const facts = [[t("Tag"), item.tags, null]];
  item.answers.forEach((answer, each) => facts.push([state.data.iterations[each], answer.full, answer.right]));
  const marks = { true: `\u2003✓ ${t("right")}`, false: `\u2003✗ ${t("wrong")}`, null: "" };
  state.facts.replaceChildren(...facts.flatMap(([term, text, right]) => [
    element("dt", { dir: "auto", textContent: term }),
    element("dd", {}, element("bdi", { textContent: text }), marks[right]),
  ]));
  const parts = { number: digits(index + 1), all: digits(items.length) };
  state.place.textContent = kind === "fixed"
    ? t("{number} of {all} fixed", parts) : t("{number} of {all} broken", parts);
  state.previous.disabled = index === 0;
  state.next.disabled = index === items.length - 1;
}
