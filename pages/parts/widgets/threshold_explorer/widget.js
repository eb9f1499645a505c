// The threshold explorer. Numbers, table, sentences and dots are all worked out from the counts of true positives,
// false positives and false negatives, data.tables.counts[threshold][tag]. A rerun with the same signature touches
// neither the sliders nor the table.

import { element, stateOf, t, tn } from "../dom.js";
import { fillStrip, mountStrip, moveStrip } from "../threshold_strip/strip.js";
import { at, drawPoint } from "./charts.js";
import { MEASURES, likely, show, sweep, whole } from "./numbers.js";
import { load, paint, scrub } from "./plot.js";
import { tell } from "./sentences.js";
import { arrange, markSaved, redrawRow, tableHeaders, tableRow, words, write } from "./table.js";
import { about, isSaved, meansNow, positionOf, rowOf, savable } from "./thresholds.js";

const REST_MS = 350;
const MANY_TAGS = 25;
const LIKELY_MEAN = t("With these images, the true mean lies between the two numbers in about 95 of 100 cases.");
const NO_INTERVAL = t("Known only while all tags stand at one threshold.");

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".explorer");
  const state = stateOf(root, mount);
  const { signature } = data;
  Object.assign(state, { setStateValue });
  state.open = (tag, count) => setTriggerValue("count", { signature, tag, count, ...sent(state) });
  state.save = () => setTriggerValue("save", { signature, thresholds: savable(state), ...sent(state) });
  if (state.data?.signature !== signature) fill(state, data);
  state.saved = data.saved;
  markSaved(state);
  tellOwn(state);
  showStrip(state, data.strip);
  paint(state);
  // Also called when a newer call overtook this one; then the widget lives on.
  return () => {
    if (root.isConnected) return;
    clearTimeout(state.timer);
    state.resized.disconnect();
    state.sighted.disconnect();
    state.plotly?.purge(state.canvas);
  };
}

// ---- building --------------------------------------------------------------------------------------------------

function mount(state) {
  const { root } = state;
  const find = (selector) => root.querySelector(selector);
  Object.assign(state, {
    data: null, rows: [], own: [], saved: null, chosen: null, order: null, timer: null, sent: "", plotly: null,
    look: null, view: "threshold", lines: {}, size: { width: 0, height: 0 }, strip: null, stripTag: null,
    slider: find("#threshold"), output: find("output"), rule: find(".rule"), choice: find("#choice"),
    plot: find(".plot"), wait: find(".wait"), canvas: find(".canvas"), needle: find(".needle"),
    whiskers: [...root.querySelectorAll(".whisker")], dots: [...root.querySelectorAll("circle")],
    views: [...root.querySelectorAll(".views button")], about: find(".about"), body: find("tbody"),
    mean: find(".mean"), told: find(".told"), stripHost: find(".strip-host"), sentenceList: find(".sentences"),
    suggest: find(".suggest"), reset: find(".reset"), keep: find(".keep"),
    figures: Object.entries(MEASURES).map(([measure, [title, explained]]) => {
      const [value, interval, without] = [element("b", {}, words()), element("small", {}, words()), element("small")];
      find(".figures").append(element("div", { className: measure },
        element("dt", { title: explained }, title), element("dd", {}, value, " ", interval, without)));
      return { measure, value, interval, without };
    }),
    sentences: Object.keys(MEASURES).map((measure) => {
      const text = words();
      find(".sentences").append(element("li", { className: measure }, text));
      return [measure, text];
    }),
    headers: tableHeaders((column) => sortBy(state, column)),
  });
  find("thead tr").append(...state.headers.map(([, header]) => header));
  state.slider.oninput = () => moved(state);
  state.choice.onchange = () => choose(state, state.choice.value === "" ? null : +state.choice.value);
  for (const button of state.views) button.onclick = () => look(state, button.value);
  state.suggest.onclick = () => setOwn(state, [...state.data.suggested.thresholds]);
  state.reset.onclick = () => setOwn(state, state.own.map(() => null));
  state.keep.onclick = () => { if (!isSaved(state)) { rested(state); state.save(); } };
  scrub(state, (percent) => turnChosen(state, percent));
  state.resized = new ResizeObserver(() => paint(state));
  state.resized.observe(state.plot);
  // In a long table only visible rows follow each move; others when they become visible or the slider stops.
  state.sighted = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const index = state.rows.findIndex((row) => row.line === target);
      if (index < 0) continue;
      state.rows[index].inSight = isIntersecting;
      if (isIntersecting) redrawRow(state, index);
    }
  }, { rootMargin: "200px" });
}

/** Replace the tags and counts. */
function fill(state, data) {
  // Other counts may have come with an address of their own.
  if (state.data) address("threshold", data.threshold / 100);
  data = { ...data, tables: JSON.parse(data.tables) };
  const chosen = data.strip?.column ?? null;
  Object.assign(state, { data, swept: sweep(data), lines: {}, chosen, look: null, own: data.own });
  if (!state.timer) state.slider.value = data.threshold;
  state.sent = JSON.stringify(sent(state));
  state.suggest.hidden = !data.suggested;
  state.mean.textContent = data.tags.length === 1 ? tn(1, "{n} tag", "{n} tags")
    : t("Mean of {n} tags", { n: data.tags.length });
  state.choice.replaceChildren(
    element("option", { value: "", textContent: t("All tags") }),
    ...data.tags.map((tag, index) => element("option", { value: index, textContent: tag.name })),
  );
  const on = {
    choose: (tag) => choose(state, state.chosen === tag ? null : tag),
    open: (tag, count) => { rested(state); state.open(tag, count); },
    turn: (tag, percent) => turn(state, tag, percent),
    follow: (tag) => turn(state, tag, null),
  };
  state.rows = data.tags.map((_, tag) => tableRow(state, tag, on));
  state.body.replaceChildren(...state.rows.map((row) => row.line));
  state.sighted.disconnect();
  for (const { line } of state.rows) state.sighted.observe(line);
  load(data.plotly).then(
    (plotly) => { state.plotly = plotly; state.wait.hidden = true; paint(state); },
    () => { state.wait.textContent = t("The chart could not be loaded; the numbers and the table are complete."); },
  );
  redraw(state);
  arrange(state);
}

/** Draw the images of the chosen tag, once Python has sent them. */
function showStrip(state, strip) {
  if (!strip || strip.column !== state.chosen || state.stripTag === strip.column) return;
  state.strip ??= mountStrip(state.stripHost, (percent) => turnChosen(state, percent));
  state.stripTag = strip.column;
  inPlace(state, () => {
    fillStrip(state.strip, strip.data);
    moveStrip(state.strip, positionOf(state, state.chosen));
  });
}

// ---- what the user does ----------------------------------------------------------------------------------------

/** What Python is told when the slider or a handle has come to rest. */
const sent = (state) => ({ threshold: +state.slider.value / 100, own: state.own });

function moved(state) {
  redraw(state);
  restSoon(state);
}

function restSoon(state) {
  clearTimeout(state.timer);
  state.timer = setTimeout(() => rested(state), REST_MS);
}

function rested(state) {
  clearTimeout(state.timer);
  state.timer = null;
  state.rows.forEach((_, index) => redrawRow(state, index));
  arrange(state);
  const now = sent(state);
  if (state.sent === JSON.stringify(now)) return;
  state.sent = JSON.stringify(now);
  state.setStateValue("sliders", { signature: state.data.signature, ...now });
  address("threshold", +state.slider.value / 100);
}

/** Give a tag its own threshold, or with null let it follow the slider. */
function turn(state, tag, percent) {
  state.own[tag] = percent;
  redrawRow(state, tag);
  redrawMeans(state);
  restSoon(state);
}

/** Move what the chosen tag follows: its own handle, or the slider. */
function turnChosen(state, percent) {
  if (state.chosen !== null && state.own[state.chosen] !== null) return turn(state, state.chosen, percent);
  state.slider.value = percent;
  return moved(state);
}

function setOwn(state, own) {
  state.own = own;
  state.rows.forEach((_, index) => redrawRow(state, index));
  redrawMeans(state);
  rested(state);
}

/** Replace a parameter of the page's address, or with null leave it out, without adding a step to the Back button. */
function address(name, value) {
  const url = new URL(location.href);
  if (value === null) url.searchParams.delete(name);
  else url.searchParams.set(name, value);
  history.replaceState(history.state, "", url);
}

function choose(state, index) {
  state.chosen = index;
  state.stripTag = null;
  // Right below the slider, whose sentence may take two lines.
  const { offsetHeight } = state.slider.parentElement;
  state.stripHost.style.setProperty("--control", `${offsetHeight}px`);
  inPlace(state, () => {
    tellChosen(state);
    paint(state);
  });
  address("tag", index === null ? null : state.data.tags[index].name);
  state.setStateValue("chosen", { signature: state.data.signature, tag: index });
}

/** Change what stands above the table, and scroll so that the table stays where it is under the pointer. */
function inPlace({ body, root }, change) {
  const before = body.getBoundingClientRect().top;
  change();
  const host = root.getRootNode().host ?? root;
  host.closest("[data-testid=stMain]")?.scrollBy(0, body.getBoundingClientRect().top - before);
}

function look(state, view) {
  state.view = view;
  paint(state);
}

function sortBy(state, column) {
  const rising = state.order?.column === column ? !state.order.rising : column === "name";
  state.order = { column, rising };
  arrange(state);
}

// ---- drawing at every move -------------------------------------------------------------------------------------

function redraw(state) {
  const { slider } = state;
  const threshold = +slider.value;
  slider.style.setProperty("--at", threshold);
  slider.setAttribute("aria-valuetext", whole(threshold));
  state.output.textContent = whole(threshold);
  tellRule(state);
  state.rows.forEach((row, index) => { if (row.inSight || !isLong(state)) redrawRow(state, index); });
  redrawMeans(state);
}

const isLong = (state) => state.rows.length > MANY_TAGS;

/** All that depends on several tags, or on the chosen one. */
function redrawMeans(state) {
  const means = meansNow(state);
  for (const { measure, value, interval, without } of state.figures) {
    const mean = means[measure];
    write(value.firstChild, show(mean.value));
    write(interval.firstChild, mean.interval || mean.value === null ? likely(mean.interval) : "–");
    interval.title = mean.interval ? LIKELY_MEAN : NO_INTERVAL;
    if (without.title !== mean.without) without.textContent = without.title = mean.without;
  }
  tellOwn(state);
  tellChosen(state);
  drawPoint(state);
}

/** What the slider does; nothing, for a tag that has a threshold of its own. */
function tellRule(state) {
  const told = rule(state);
  if (state.rule.textContent !== told) state.rule.textContent = told;
}

function rule({ data, own, slider }) {
  const parts = { least: whole(+slider.value) };
  const followers = own.filter((each) => each === null).length;
  if (followers === 0) return t("Every tag has its own threshold, so this slider changes nothing.");
  if (data.multilabel) {
    return followers === own.length ? t("An image gets every tag whose probability is at least {least}.", parts)
      : t("An image gets every tag whose probability is at least {least}, or at least the tag's own threshold.", parts);
  }
  return followers === own.length ? t("The top tag is the answer when its probability is at least {least}.", parts)
    : t("The top tag is the answer when its probability is at least {least}, or at least the tag's own threshold.",
      parts);
}

function tellOwn(state) {
  tellRule(state);
  const [told, saved] = [about(state), isSaved(state)];
  if (state.told.textContent !== told) state.told.textContent = told;
  state.reset.hidden = state.own.every((own) => own === null);
  // Still focusable, so that who has just pressed it does not lose the place.
  state.keep.setAttribute("aria-disabled", saved);
}

function tellChosen(state) {
  const { chosen } = state;
  state.sentenceList.hidden = state.stripHost.hidden = chosen === null;
  if (chosen !== null) {
    for (const [measure, text] of state.sentences) write(text, tell(measure, rowOf(state, chosen)));
    if (state.stripTag === chosen) moveStrip(state.strip, positionOf(state, chosen));
  }
  const { value, interval } = at(state, 0, chosen, "average_precision");
  const told = value === null ? ""
    : t("All folds counted together. Average precision, the mean over folds: {rate}, {likely}.",
      { rate: show(value), likely: likely(interval) });
  if (state.about.textContent !== told) state.about.textContent = told;
}
