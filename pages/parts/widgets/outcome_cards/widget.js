// One small matrix a tag. Names are put on the page as text, never as HTML.
//
// Streamlit calls the default function again whenever data or theme change, so what must outlive a call stands in a
// state per widget. Which number is open is ours to say; Python hears of it.

const states = new WeakMap();

// Place in the counts, what a learner calls it, what it is, and where it stands in the card.
const OUTCOMES = {
  tp: [0, "found", (tag) => `tagged ${tag} and answered with it`],
  fn: [2, "missed", (tag) => `tagged ${tag} but not answered with it`],
  fp: [1, "wrongly given", (tag) => `not tagged ${tag} but answered with it`],
  tn: [3, "rightly left out", (tag) => `not tagged ${tag} and not answered with it`],
};

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".cards");
  const state = states.get(root) ?? { root, list: root.querySelector("ul"), data: null, content: null, chosen: null };
  states.set(root, state);
  state.send = (chosen) => setStateValue("chosen", chosen && { signature: state.data.signature, ...chosen });
  const content = JSON.stringify([data.signature, data.tags, data.counts]);
  if (state.content === content) return;
  if (state.data?.signature !== data.signature) {
    state.chosen = data.chosen?.signature === data.signature ? data.chosen : null;
  }
  Object.assign(state, { content, data });
  fill(state);
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function fill(state) {
  const { tags, counts } = state.data;
  const { tag, outcome } = state.root.getRootNode().activeElement?.dataset ?? {};
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
    element("b", { textContent: counts[place].toLocaleString("en") }), element("span", { textContent: word }));
  made.title = `${counts[place].toLocaleString("en")} images ${explained(state.data.tags[tag])}`;
  made.setAttribute("aria-label", made.title);
  Object.assign(made.dataset, { tag, outcome });
  // A miss counts against the images that have the tag, a tag given wrongly against those that got it.
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
