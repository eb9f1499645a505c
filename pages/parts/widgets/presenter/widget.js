// The presenter view. Moves of the slider stay in the browser; Python is told where it stopped and which tag is wanted,
// and sends that tag's strip.

import { element, perCent, stateOf } from "../dom.js";
import { fillStrip, mountStrip, moveStrip } from "../threshold_strip/strip.js";

const REST_MS = 350;
const SIZES = { least: 96, most: 128 };
const LEAST_OF_HEIGHT = 0.22; // of the screen, when the presenter fills it

export default function ({ data, parentElement, setStateValue }) {
  const state = stateOf(parentElement.querySelector(".presenter"), mount);
  state.send = (name, value) => setStateValue(name, value);
  const signature = `${data.signature} ${data.strip.tag}`;
  if (state.signature !== signature) fill(state, data, signature);
  return () => { if (!state.root.isConnected) clearTimeout(state.timer); };
}

function mount(state) {
  const find = (selector) => state.root.querySelector(selector);
  Object.assign(state, {
    slider: find("#line"), output: find("output"), choice: find("select"), full: find(".full"),
    back: find(".back"), on: find(".on"), tags: [], signature: null, timer: null,
  });
  state.strip = mountStrip(find(".host"), (percent) => { state.slider.value = percent; moved(state); }, SIZES);
  state.slider.oninput = () => moved(state);
  state.choice.onchange = () => choose(state, +state.choice.value);
  state.back.onclick = () => choose(state, +state.choice.value - 1);
  state.on.onclick = () => choose(state, +state.choice.value + 1);
  state.full.hidden = !document.fullscreenEnabled;
  state.full.onclick = () =>
    (state.root.matches(":fullscreen") ? document.exitFullscreen() : state.root.requestFullscreen());
  state.root.addEventListener("fullscreenchange", () => {
    const isFull = state.root.matches(":fullscreen");
    state.full.ariaPressed = isFull;
    const least = isFull ? Math.max(SIZES.least, Math.round(screen.height * LEAST_OF_HEIGHT)) : SIZES.least;
    Object.assign(state.strip, { least, most: isFull ? 2 * least : SIZES.most });
  });
}

function fill(state, { tags, strip, threshold }, signature) {
  const isFirst = state.signature === null;
  Object.assign(state, { tags, signature });
  state.choice.replaceChildren(...tags.map((tag, index) => element("option", { value: index, textContent: tag })));
  state.choice.value = tags.indexOf(strip.tag);
  if (isFirst) state.slider.value = threshold;
  fillStrip(state.strip, strip);
  draw(state);
}

function moved(state) {
  draw(state);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => {
    state.send("threshold", +state.slider.value / 100);
    address("threshold", +state.slider.value / 100);
  }, REST_MS);
}

function draw({ slider, output, strip }) {
  const percent = +slider.value;
  slider.style.setProperty("--at", percent);
  slider.ariaValueText = output.textContent = perCent(percent);
  moveStrip(strip, percent);
}

/** Choose a tag; after the last one comes the first. */
function choose(state, index) {
  const tag = state.tags.at(index % state.tags.length);
  state.choice.value = state.tags.indexOf(tag);
  state.send("tag", tag);
  address("tag", tag);
}

/** Put a value into the page's address, without adding a step to the Back button. */
function address(name, value) {
  const here = new URL(location.href);
  here.searchParams.set(name, value);
  history.replaceState(history.state, "", here);
}
