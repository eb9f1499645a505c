// One small matrix per tag. The browser decides which number is open and sends it to Python.

import { choiceOf, counted, digits, element, focusedIn, isOutdated, stateOf } from "../dom.js";

// For each outcome: its place in the counts, its name, and what it means for a tag.
const OUTCOMES = {
  tp: [0, "found (TP)", (tag) => `tagged ${tag} and answered with it`],
  fn: [2, "missed (FN)", (tag) => `tagged ${tag} but not answered with it`],
  fp: [1, "wrongly given (FP)", (tag) => `not tagged ${tag} but answered with it`],
  tn: [3, "not given (TN)", (tag) => `not tagged ${tag} and not answered with it`],
};

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".cards");
  const state = stateOf(root, mount);
  state.send = (chosen) => setStateValue("chosen", chosen && { signature: state.data.signature, ...chosen });
  if (!isOutdated(state, data.signature, data.tags, data.counts)) return;
  if (state.data?.signature !== data.signature) state.chosen = choiceOf(data);
  state.data = data;
  fill(state);
}

function mount(state) {
  Object.assign(state, { list: state.root.querySelector("ul"), data: null, chosen: null });
}

function fill(state) {
  const { tags, counts } = state.data;
  const { tag, outcome } = focusedIn(state.root)?.dataset ?? {};
  if (state.chosen && !counts[state.chosen.tag]?.[OUTCOMES[state.chosen.outcome][0]]) {
    state.chosen = null;
    state.send(null);
  }
  state.list.replaceChildren(...tags.map((name, index) => element("li", {},
    element("h4", { textContent: name, title: name }),
    element("div", { className: "four" }, ...Object.keys(OUTCOMES).map((each) => button(state, index, each))),
  )));
  if (outcome) state.list.querySelector(`[data-tag="${tag}"][data-outcome="${outcome}"]`)?.focus();
  paint(state);
}

function button(state, tag, outcome) {
  const [place, word, explained] = OUTCOMES[outcome];
  const counts = state.data.counts[tag];
  const made = element("button", { type: "button", className: outcome, disabled: !counts[place] },
    element("b", { textContent: digits(counts[place]) }), element("span", { textContent: word }));
  made.title = `${counted(counts[place], "image")} ${explained(state.data.tags[tag])}`;
  made.setAttribute("aria-label", made.title);
  Object.assign(made.dataset, { tag, outcome });
  // A miss is a share of the images with the tag, a wrongly given tag a share of the images that got it.
  const whole = outcome === "fn" ? counts[0] + counts[2] : counts[0] + counts[1];
  const share = outcome === "tn" || !whole ? 0 : counts[place] / whole;
  made.style.setProperty("--mix", `${Math.round(66 * Math.sqrt(share))}%`);
  made.onclick = () => choose(state, { tag, outcome });
  return made;
}

function choose(state, asked) {
  const again = state.chosen?.tag === asked.tag && state.chosen.outcome === asked.outcome;
  state.chosen = again ? null : asked;
  state.send(state.chosen);
  paint(state);
}

function paint(state) {
  for (const each of state.list.querySelectorAll("button")) {
    const { tag, outcome } = each.dataset;
    each.setAttribute("aria-pressed", state.chosen?.tag === +tag && state.chosen.outcome === outcome);
  }
}
