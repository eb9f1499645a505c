// One small matrix per tag. A click sends the number to Python, which says which one is open.

import { digits, element, focusedIn, isOutdated, stateOf, t } from "../dom.js";

// For each outcome: its place in the counts, its name, and which images it counts.
const OUTCOMES = {
  tp: [0, t("found (TP)"), (tag) => t("images tagged {tag} and answered with it", { tag })],
  fn: [2, t("missed (FN)"), (tag) => t("images tagged {tag} but not answered with it", { tag })],
  fp: [1, t("wrongly given (FP)"), (tag) => t("images not tagged {tag} but answered with it", { tag })],
  tn: [3, t("not given (TN)"), (tag) => t("images not tagged {tag} and not answered with it", { tag })],
};

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".cards");
  const state = stateOf(root, mount);
  state.send = (number) => setTriggerValue("clicked", { signature: state.data.signature, ...number });
  state.opened = data.opened;
  if (isOutdated(state, data.signature, data.tags, data.counts)) {
    state.data = data;
    fill(state);
  }
  paint(state);
}

function mount(state) {
  Object.assign(state, { list: state.root.querySelector("ul"), data: null, opened: null });
}

function fill(state) {
  const { tags } = state.data;
  const { tag, outcome } = focusedIn(state.root)?.dataset ?? {};
  state.list.replaceChildren(...tags.map((name, index) => element("li", {},
    element("h2", { textContent: name, title: name, dir: "auto" }),
    element("div", { className: "four" }, ...Object.keys(OUTCOMES).map((each) => button(state, index, each))),
  )));
  if (outcome) state.list.querySelector(`[data-tag="${tag}"][data-outcome="${outcome}"]`)?.focus();
}

function button(state, tag, outcome) {
  const [place, word, explained] = OUTCOMES[outcome];
  const counts = state.data.counts[tag];
  const number = digits(counts[place]);
  const made = element("button", { type: "button", className: outcome, disabled: !counts[place] },
    element("b", { textContent: number }), " ", element("span", { textContent: word }));
  const meaning = explained(`\u2068${state.data.tags[tag]}\u2069`);
  made.title = meaning;
  made.setAttribute("aria-label", `${number} ${word}: ${meaning}`);
  Object.assign(made.dataset, { tag, outcome });
  // A miss is a share of the images with the tag, a wrongly given tag a share of the images that got it.
  const whole = outcome === "fn" ? counts[0] + counts[2] : counts[0] + counts[1];
  const share = outcome === "tn" || !whole ? 0 : counts[place] / whole;
  made.style.setProperty("--mix", `${Math.round(36 * Math.sqrt(share))}%`);
  made.onclick = () => choose(state, tag, outcome);
  return made;
}

function choose(state, tag, outcome) {
  state.opened = [tag, outcome];
  state.send({ tag, outcome });
  paint(state);
}

function paint(state) {
  for (const each of state.list.querySelectorAll("button")) {
    const { tag, outcome } = each.dataset;
    each.setAttribute("aria-pressed", state.opened?.[0] === +tag && state.opened[1] === outcome);
  }
}
