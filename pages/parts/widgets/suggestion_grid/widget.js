// Untagged images with suggested tags. The browser holds the decisions until they are sent; its storage keeps them over
// a reload.

import {
  digits, element, focusedIn, gridSteps, inPercent, isolated, isolatedList, isOutdated, perCent, placed, stateOf, t,
  thumbnail,
} from "../dom.js";

const DIGITS = 9;

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".suggestions");
  const state = stateOf(root, (fresh) => mount(fresh, data));
  state.send = (value) => setTriggerValue("sent", value);
  if (!isOutdated(state, data)) return;
  const isAnswer = state.data && state.data.turn !== data.turn;
  const hasFocus = document.activeElement && document.activeElement !== document.body;
  const focused = state.saving || !hasFocus || root.contains(focusedIn(root));
  state.data = data;
  if (isAnswer || !state.filled) {
    for (const id of data.settled) state.marks.delete(id);
    Object.assign(state, { history: [], saving: false });
    keep(state);
  }
  fill(state);
  reach(state, Math.max(state.items.findIndex((item) => !state.marks.has(item.id)), 0), focused);
}

function mount(state, data) {
  const find = (selector) => state.root.querySelector(selector);
  Object.assign(state, {
    grid: find(".grid"), keys: find(".keys"), find: find(".find"), count: find(".count"), save: find(".save"),
    sure: find(".sure"), help: find(".help"), items: [], listed: [], at: 0, history: [], marks: kept(data.signature),
    saving: false, filled: false, data: null,
  });
  state.save.onclick = () => save(state);
  state.sure.onclick = () => confirmSure(state);
  state.grid.onclick = (event) => press(state, event);
  state.find.oninput = () => legend(state);
  state.find.onblur = () => { state.find.value = ""; legend(state); };
  state.root.onkeydown = (event) => (event.target === state.find ? finding : key)(state, event);
}

// ---- decisions: an image's id to { tags } or { aside } ----------------------------------------------------------

const place = (signature) => `tagwise-suggestions-${signature}`;

function kept(signature) {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(place(signature))) ?? []);
  } catch {
    return new Map();  // a browser can forbid storage, or hold an older format
  }
}

function keep(state) {
  try {
    sessionStorage.setItem(place(state.data.signature), JSON.stringify([...state.marks]));
  } catch { /* then a reload forgets them */ }
}

function mark(state, items, made) {
  state.history.push(items.map((item) => [item.id, state.marks.get(item.id)]));
  for (const item of items) state.marks.set(item.id, made(item));
  keep(state);
  paint(state);
}

function undo(state) {
  const last = state.history.pop() ?? [[state.items[state.at].id, undefined]];
  for (const [id, before] of last) {
    if (before) state.marks.set(id, before);
    else state.marks.delete(id);
  }
  keep(state);
  paint(state);
  reach(state, state.items.findIndex((item) => item.id === last[0][0]), true);
}

const known = (state, ids) => ids.filter((id) => state.data.tags.some((tag) => tag.id === id));
const tagsOf = (state, item) => known(state, state.marks.get(item.id)?.tags ?? item.suggested);
const isDecided = (state, item) => known(state, state.marks.get(item.id)?.tags ?? []).length > 0;
const isAside = (state, item) => Boolean(state.marks.get(item.id)?.aside);

/** Confirm the tags below the image, and go to the next image. */
function confirm(state) {
  const item = state.items[state.at];
  const tags = tagsOf(state, item);
  if (!tags.length) return say(state, t("Nothing is suggested here: choose a tag, or S to skip"));
  mark(state, [item], () => ({ tags }));
  advance(state);
}

function choose(state, tag) {
  const item = state.items[state.at];
  if (!state.data.multilabel) {
    mark(state, [item], () => ({ tags: [tag.id] }));
    return advance(state);
  }
  const before = tagsOf(state, item);
  const negative = new Set(state.data.tags.filter((each) => each.negative).map((each) => each.id));
  const others = before.filter((id) => id !== tag.id && !tag.negative && !negative.has(id));
  const tags = before.includes(tag.id) ? before.filter((id) => id !== tag.id) : [...others, tag.id];
  mark(state, [item], () => ({ tags }));
  reach(state, state.at, true);
}

function skip(state) {
  mark(state, [state.items[state.at]], () => ({ aside: true }));
  advance(state);
}

const sure = (state) => state.items.filter((item) =>
  !state.marks.has(item.id) && item.suggested.length && item.certainty >= state.data.sure);

function confirmSure(state) {
  const items = sure(state);
  if (!items.length) return;
  mark(state, items, (item) => ({ tags: item.suggested }));
  advance(state);
}

function save(state) {
  const decided = state.items.filter((item) => isDecided(state, item));
  const aside = state.items.filter((item) => isAside(state, item));
  if (state.saving || decided.length + aside.length === 0) return;
  state.saving = true;
  paint(state);
  state.send({
    turn: state.data.turn,
    decided: decided.map((item) => [item.id, tagsOf(state, item)]),
    aside: aside.map((item) => item.id),
  });
}

// ---- what the user does ------------------------------------------------------------------------------------------

function key(state, event) {
  if (event.altKey || state.saving) return;
  const isCommand = event.ctrlKey || event.metaKey;
  const isButton = event.target.tagName === "BUTTON";
  const steps = gridSteps(state.grid, state.at, state.items.length);
  const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const digit = "123456789".indexOf(pressed);
  if (isCommand && pressed === "Enter") save(state);
  else if (isCommand) return;
  else if (pressed in steps) reach(state, state.at + steps[pressed], true);
  else if (pressed === "Enter" || pressed === " ") {
    if (isButton) return;
    if (!event.repeat) confirm(state);  // a key held down decides once
  } else if (digit >= 0) {
    if (!event.repeat && state.listed[digit]) choose(state, state.listed[digit]);
  } else if (pressed === "Backspace" || pressed === "u") undo(state);
  else if (pressed === "s") { if (!event.repeat) skip(state); }
  else if (pressed === "a") confirmSure(state);
  else if (pressed === "/" && !state.find.hidden) state.find.focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** While a tag is typed, Enter takes the first that fits. */
function finding(state, event) {
  event.stopPropagation();
  if (event.key === "Escape" || (event.key === "Enter" && !state.find.value.trim())) reach(state, state.at, true);
  else if (event.key === "Enter") {
    if (!state.listed.length) return;
    const [tag] = state.listed;
    state.find.value = "";
    choose(state, tag);
  } else return;
  event.preventDefault();
}

function press(state, event) {
  const item = event.target.closest(".item");
  if (!item) return;
  reach(state, [...state.grid.children].indexOf(item), true);
  if (event.target.closest(".tick")) confirm(state);
}

/** On to the next image that waits, else to the button that saves them all. */
function advance(state) {
  const waits = (item) => !state.marks.has(item.id);
  const after = state.items.findIndex((item, index) => index > state.at && waits(item));
  const next = after >= 0 ? after : state.items.findIndex(waits);
  if (next >= 0) return reach(state, next, true);
  reach(state, state.at, false);
  state.save.focus();
}

/** The grid is one stop of the Tab key: only the image last reached can be tabbed to. */
function reach(state, index, focus) {
  state.at = Math.min(Math.max(index, 0), state.items.length - 1);
  [...state.grid.children].forEach((child, each) => {
    child.tabIndex = each === state.at ? 0 : -1;
    child.classList.toggle("here", each === state.at);
  });
  if (focus) state.grid.children[state.at]?.focus();
  legend(state);
}

// ---- what is drawn -----------------------------------------------------------------------------------------------

function fill(state) {
  const { items, tags, multilabel } = state.data;
  Object.assign(state, { items, filled: true });
  state.find.hidden = tags.length <= DIGITS;
  state.grid.replaceChildren(...items.map(tile));
  const give = tags.length > DIGITS ? t("{key} give one of the most probable tags") : t("{key} give a tag");
  state.help.replaceChildren(...[
    [t("arrows"), t("{key} move")], ["Enter", t("{key} confirms")],
    ["1 … 9", multilabel ? t("{key} put a tag on or off") : give],
    ...(state.find.hidden ? [] : [["/", t("{key} types another tag")]]), ["S", t("{key} skips")],
    ["U", t("{key} or Backspace takes back")], ["A", t("{key} confirms all the sure ones")],
    ["Ctrl Enter", t("{key} saves")],
  ].map(([name, does]) => element("span", {}, ...placed(does, { key: element("kbd", { textContent: name }) }))));
  paint(state);
}

function tile(item) {
  const frame = element("div", { className: "frame" },
    thumbnail(item.src, item.name), element("span", { className: "tick", title: t("Confirm"), ariaHidden: "true" }));
  const made = element("div", { className: "item", tabIndex: -1 }, frame,
    element("div", { className: "tags" }), element("div", { className: "note" }));
  frame.title = item.name;
  made.setAttribute("role", "option");
  return made;
}

function paint(state) {
  const names = new Map(state.data.tags.map((tag) => [tag.id, tag.name]));
  state.items.forEach((item, index) => {
    const drawn = state.grid.children[index];
    const decided = isDecided(state, item);
    const own = tagsOf(state, item);
    const isOther = decided && own.join() !== known(state, item.suggested).join();
    const words = isAside(state, item) ? [t("skipped")] : isolatedList(own.map((id) => names.get(id)));
    const note = isOther ? t("your choice") : item.suggested.length ? inPercent(item.certainty) : "";
    drawn.setAttribute("aria-selected", decided);
    drawn.classList.toggle("aside", isAside(state, item));
    drawn.querySelector(".tags").replaceChildren(...(words.length ? words : [t("no suggestion")]));
    drawn.querySelector(".note").textContent = note;
  });
  const decided = state.items.filter((item) => isDecided(state, item)).length;
  const aside = state.items.filter((item) => isAside(state, item)).length;
  const saves = decided || !aside ? t("Save batch ({number})", { number: digits(decided) }) : t("Next batch");
  state.save.textContent = state.saving ? t("Saving …") : saves;
  state.save.disabled = state.saving || decided + aside === 0;
  const number = sure(state).length;
  state.sure.textContent = t("Confirm all that are at least {percent} ({number})", {
    percent: perCent(digits(100 * state.data.sure)), number: digits(number),
  });
  state.sure.disabled = state.saving || number === 0;
  const parts = { number: digits(state.items.length), decided: digits(decided), skipped: digits(aside) };
  const told = t("{decided} of {number} decided, {skipped} skipped", parts);
  say(state, aside ? told : t("{decided} of {number} decided", parts));
  legend(state);
}

function say(state, text) {
  state.count.textContent = text;
}

/** The tags that digits give: all in their order where nine are enough, else those most probable or typed. */
function legend(state) {
  const item = state.items[state.at];
  if (!item) return state.keys.replaceChildren();
  const { tags } = state.data;
  const typed = state.find.value.trim().toLowerCase();
  const ranked = tags.map((tag, column) => ({ tag, probability: item.probabilities[column] }));
  if (tags.length > DIGITS) ranked.sort((a, b) => (b.probability ?? -1) - (a.probability ?? -1));
  const begins = (each) => each.tag.name.toLowerCase().startsWith(typed);
  const fits = typed ? ranked.filter((each) => each.tag.name.toLowerCase().includes(typed)) : ranked;
  if (typed) fits.sort((a, b) => begins(b) - begins(a));
  const shown = fits.slice(0, DIGITS);
  state.listed = shown.map((each) => each.tag);
  const own = isAside(state, item) ? [] : tagsOf(state, item);
  state.keys.replaceChildren(...shown.map(({ tag, probability }, index) => {
    const made = element("button", { type: "button", title: tag.name },
      element("kbd", { textContent: typed && index === 0 ? "Enter" : typed ? "" : index + 1 }),
      element("span", { className: "name" }, isolated(tag.name)),
      element("span", { className: "probability", textContent: probability === null ? "" : inPercent(probability) }));
    made.setAttribute("aria-pressed", own.includes(tag.id));
    made.onpointerdown = (event) => event.preventDefault();  // or leaving the field would empty it before the click
    made.onclick = () => { state.find.value = ""; choose(state, tag); };
    return made;
  }));
  if (!shown.length) state.keys.append(element("span", { className: "none", textContent: t("No tag fits") }));
}
