// Functions that all widgets share. Names are put on the page as text, never as HTML.
//
// Streamlit calls a widget's default function again whenever data or theme change, so what must outlive a call stands
// in a state, one for each widget on the page, found by its root element.
//
// component.py puts two constants in front: LANGUAGE, the code of the language spoken, and WORDS, the translations of
// the scripts' messages by their English text, empty in English.

const states = new WeakMap();

/** The state of the widget whose root an element is; at the first call `mount(state)` adds what the widget needs. */
export function stateOf(root, mount) {
  if (!states.has(root)) {
    states.set(root, { root, drawn: null });
    mount(states.get(root));
  }
  return states.get(root);
}

/** Whether a widget must be drawn again, because its data differ from what it drew last. */
export function isOutdated(state, ...content) {
  const text = JSON.stringify(content);
  if (state.drawn === text) return false;
  state.drawn = text;
  return true;
}

/** An element with properties and children, texts among them. */
export function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

/** A thumbnail; its name stands in its place where it cannot be loaded. */
export function thumbnail(src, name) {
  const image = element("img", { loading: "lazy", decoding: "async", draggable: false, alt: name, src });
  image.onerror = () => image.replaceWith(element("span", { className: "missing", textContent: name }));
  return image;
}

/** A text that keeps its own direction of writing and does not move what stands beside it. */
export const isolated = (text) => element("bdi", { textContent: text });

/** Names with commas between, each isolated. */
export const isolatedList = (names) => names.flatMap((name, index) => [...(index ? [", "] : []), isolated(name)]);

/** Call a function once the dialog that opens next is closed again; nothing is called if none opens within 10 s. */
export function afterDialog(act) {
  const dialogs = () => document.querySelectorAll("[role=dialog]").length;
  const before = dialogs();
  let isOpen = false;
  const observer = new MutationObserver(() => {
    if (dialogs() > before) isOpen = true;
    else if (isOpen) {
      observer.disconnect();
      setTimeout(act);  // after Streamlit has moved the focus itself
    }
  });
  observer.observe(document.body, { childList: true, subtree: true });
  setTimeout(() => { if (!isOpen) observer.disconnect(); }, 10_000);
}

/** How far each key moves in a grid of thumbnails, from one of them. */
export function gridSteps(grid, from, length) {
  const { direction, gridTemplateColumns } = getComputedStyle(grid);
  const columns = gridTemplateColumns.split(" ").length;
  const right = direction === "rtl" ? -1 : 1;
  return { ArrowRight: right, ArrowLeft: -right, ArrowDown: columns, ArrowUp: -columns, Home: -from, End: length };
}

/** The element of a widget that has the focus, if any. */
export const focusedIn = (root) => root.getRootNode().activeElement;

/** The choice that Python sent along, unless it was made under another signature. */
export const choiceOf = ({ chosen, signature }) => (chosen?.signature === signature ? chosen : null);

// Pseudo languages, of which tests make use, write numbers as English does.
const NUMBERS = LANGUAGE.includes("-X") ? "en" : LANGUAGE;
const withParts = (text, parts) => text.replace(/\{(\w+)\}/g, (whole, name) => parts[name] ?? whole);

/** A message in the language spoken, with its parts in the places that it names in braces. */
export const t = (message, parts = {}) => withParts(WORDS[message] ?? message, parts);

/** A message about a number of things, in the form that the language has for that number; `{n}` is the number. */
export function tn(number, one, many, parts = {}) {
  const isOne = LANGUAGE === "fr" ? number < 2 : number === 1;
  const forms = WORDS[one] ?? [one, many];
  return withParts(forms[isOne ? 0 : forms.length - 1], { n: digits(number), ...parts });
}

/** A message as texts, with elements in the places that it names: `append(...placed(t("No {tag}"), { tag: node }))`. */
export const placed = (text, elements) =>
  text.split(/\{(\w+)\}/).map((piece, index) => (index % 2 ? elements[piece] : piece));

/** A number with a mark between thousands, and with that many decimals. */
export const digits = (number, decimals = 0) =>
  number.toLocaleString(NUMBERS, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });

/** A number that is already written, in per cent. */
export const perCent = (text) => (NUMBERS === "ko" ? `${text}%` : NUMBERS === "en" ? `${text} %` : `${text}\u00A0%`);

/** A rate of 0..1 in per cent, with a decimal. */
export const inPercent = (rate) => perCent(digits(100 * rate, 1));
