// A live camera. The next frame is sent when the last was answered, so nothing waits in line, and where many cameras
// ask at once all become slower together.

import { element, digits, isolated, isolatedList, perCent, stateOf, t, tn } from "../dom.js";
import { closed, deviceOf, drawn, offer, opened, refused, sizeOf, withheld } from "../camera/device.js";

const WIDTH_PX = 1280;
const EVERY_MS = 40; // no more than 25 frames a second
const CALM_MS = 500; // for those who ask for little motion
const BUSY_MS = 150;
const RETRY_MS = 1000;
const ANSWER_MS = 10_000;
const SAY_MS = 700; // an answer that stays so long is said aloud
const KEPT_MS = 15_000;

export default function ({ data, parentElement, setTriggerValue }) {
  const state = stateOf(parentElement.querySelector(".live"), mount);
  state.send = (value) => setTriggerValue("kept", value);
  const before = state.data;
  state.data = data;
  state.root.classList.toggle("is-large", data.large);
  if (before?.address !== data.address) state.last = null;
  if (before?.turn !== data.turn) state.keptAt = null;
  fill(state);
  if (before && (before.address !== data.address || before.threshold !== data.threshold)) again(state);
  keepNext(state);
  // Also called when a newer call overtook this one; then the camera stays on.
  return () => { if (!state.root.isConnected) leave(state); };
}

function mount(state) {
  const find = (selector) => state.root.querySelector(selector);
  Object.assign(state, {
    status: find(".status"), told: find(".told"), video: find("video"), photo: find(".photo"), on: find(".on"),
    pause: find(".pause"), which: find(".which"), off: find(".off"), rate: find(".rate"), file: find(".file"),
    answered: find(".answered"), heading: find("h2"), why: find(".why"), list: find("ul"),
    data: null, stream: null, isPaused: false, isAsking: false, last: null, rows: [], resumes: null, times: [],
    kept: [], keptAt: null, timer: null,
    // A browser may have several cameras open, in several windows: each has a name of its own.
    name: [...crypto.getRandomValues(new Uint32Array(4))].map((each) => each.toString(36)).join(""),
  });
  state.on.onclick = async () => { await on(state); if (state.stream) state.pause.focus(); };
  state.off.onclick = () => { off(state); state.on.focus(); };
  state.pause.onclick = () => pause(state);
  state.which.onchange = () => on(state, state.which.value);
  state.file.querySelector("input").onchange = (event) => choose(state, event.target.files[0]);
  state.hide = () => hide(state);
  document.addEventListener("visibilitychange", state.hide);
  const reason = withheld();
  if (reason) none(state, reason);
  show(state);
}

// ---- the camera --------------------------------------------------------------------------------------------------

async function on(state, device) {
  const reason = withheld();
  if (reason) return none(state, reason);
  off(state);
  state.on.disabled = true;
  try {
    const stream = await opened(device, WIDTH_PX);
    if (!state.root.isConnected || document.hidden) return closed(stream);
    state.stream = stream;
    stream.getVideoTracks()[0].onended = () => { off(state); say(state, t("The camera was disconnected.")); };
    state.photo.hidden = state.file.hidden = true;
    state.video.srcObject = stream;
    show(state);  // some browsers play no video that is hidden
    await state.video.play();
    await offer(state.which, stream);
    say(state, "");
  } catch (error) {
    off(state);
    none(state, refused(error));
  } finally {
    state.on.disabled = false;
  }
  show(state);
  follow(state);
}

function off(state) {
  closed(state.stream);
  state.stream = state.video.srcObject = null;
  state.isPaused = false;
  state.times = [];
  show(state);
}

function pause(state) {
  state.isPaused = !state.isPaused;
  if (state.isPaused) state.video.pause();
  else state.video.play();
  state.times = [];
  show(state);
  follow(state);
}

/** Nobody looks at a hidden tab: its camera is off, and on again when it is shown. */
function hide(state) {
  if (document.hidden && state.stream) {
    state.resumes = deviceOf(state.stream);
    off(state);
  } else if (!document.hidden && state.resumes !== null) {
    const device = state.resumes;
    state.resumes = null;
    on(state, device);
  }
}

function leave(state) {
  document.removeEventListener("visibilitychange", state.hide);
  clearTimeout(state.timer);
  off(state);
}

/** Say why there is no camera, and offer the file chooser in its place. */
function none(state, reason) {
  say(state, reason);
  state.file.hidden = false;
}

async function choose(state, file) {
  if (!file) return;
  URL.revokeObjectURL(state.photo.src);
  state.photo.src = URL.createObjectURL(file);
  try {
    await state.photo.decode();
  } catch {
    state.photo.hidden = true;
    return say(state, t("This browser cannot show the photo: choose it under File, or choose another."));
  }
  state.photo.hidden = false;
  say(state, "");
  again(state);
}

// ---- frames ------------------------------------------------------------------------------------------------------

/** What is looked at: the camera, or the photo in its place; null if there is neither. */
function source(state) {
  const shown = state.stream ? state.video : state.photo;
  return !shown.hidden && sizeOf(shown)[0] ? shown : null;
}

async function follow(state) {
  if (state.isFollowing) return;
  state.isFollowing = true;
  const least = matchMedia("(prefers-reduced-motion: reduce)").matches ? CALM_MS : EVERY_MS;
  while (state.stream && !state.isPaused && state.root.isConnected) {
    const start = performance.now();
    const wait = await ask(state);
    await new Promise((resolve) => { setTimeout(resolve, Math.max(wait, least - (performance.now() - start))); });
  }
  state.isFollowing = false;
}

/** Ask once more about what does not move: a photo, or a camera that is paused. */
async function again(state) {
  if (state.isFollowing || !source(state)) return;
  const wait = await ask(state);
  if (wait) setTimeout(() => again(state), wait);
}

/** Send a frame and draw its answer; the milliseconds to wait before the next. */
async function ask(state) {
  const seen = source(state);
  if (!seen || state.isAsking) return BUSY_MS;
  const { address, threshold, side, longest, quality } = state.data;
  state.isAsking = true;
  try {
    const canvas = drawn(seen, { shortest: side, longest });
    const body = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", quality); });
    const answer = await fetch(threshold === null ? address : `${address}?threshold=${threshold}`, {
      method: "POST", body, headers: { "tagwise-live": state.name }, signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (answer.status === 429) return BUSY_MS;
    if (!answer.ok) return stop(state, answer.status, await answer.text());
    const found = await answer.json();
    if (address !== state.data.address) return 0; // another iteration was chosen meanwhile
    say(state, "");
    state.last = found;
    draw(state);
    count(state);
    return 0;
  } catch {
    say(state, t("Tagwise does not answer: trying again."));
    return RETRY_MS;
  } finally {
    state.isAsking = false;
  }
}

function stop(state, status, text) {
  if (status === 408 || status >= 500) {
    say(state, sentence(text));
    return RETRY_MS;
  }
  off(state);
  state.photo.hidden = true;
  if (status === 401) say(state, t("You are not signed in any more: reload the page."));
  else if (status === 404) say(state, t("This iteration is no longer there: reload the page."));
  else say(state, sentence(text));
  return 0;
}

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1, 300)}.`;

/** How many frames were answered in the last two seconds. */
function count(state) {
  const now = performance.now();
  state.times = [...state.times, now].filter((each) => each > now - 2000);
  const first = state.times[0];
  const rate = now - first > 1000 ? Math.round((1000 * (state.times.length - 1)) / (now - first)) : 0;
  const text = rate && state.stream ? tn(rate, "{n} frame per second", "{n} frames per second") : "";
  if (now - (state.ratedAt ?? 0) < 1000 && text) return;
  state.ratedAt = now;
  state.rate.textContent = text;
}

// ---- frames to keep ----------------------------------------------------------------------------------------------

function keep(state, tag) {
  const seen = source(state);
  if (!seen || state.kept.length >= state.data.keptMost) return;
  const image = drawn(seen, { longest: state.data.keptSide }).toDataURL("image/jpeg", state.data.quality);
  state.kept.push({ tag, image: image.split(",")[1] });
  keepNext(state);
}

/** Send what waits to be kept, once Python has answered about those before. */
function keepNext(state) {
  if (!state.kept.length || (state.keptAt !== null && performance.now() - state.keptAt < KEPT_MS)) return;
  state.keptAt = performance.now();
  state.send({ turn: state.data.turn, frames: state.kept.splice(0) });
}

// ---- what is drawn -----------------------------------------------------------------------------------------------

function say(state, text) {
  if (state.status.textContent !== text) state.status.textContent = text;
}

function show(state) {
  const isOn = Boolean(state.stream);
  state.video.hidden = state.off.hidden = state.pause.hidden = !isOn;
  state.on.hidden = isOn;
  if (!isOn) state.which.hidden = true;
  state.pause.textContent = state.isPaused ? t("Go on") : t("Pause");
  if (!isOn || state.isPaused) state.rate.textContent = "";
  for (const { button } of state.rows) button.disabled = !source(state);
}

/** Make the rows of the tags anew, if they changed. */
function fill(state) {
  const { bars } = state.data;
  const drawnBars = JSON.stringify(bars);
  if (drawnBars !== state.drawn) {
    state.drawn = drawnBars;
    state.rows = bars.map((each) => row(state, each));
    state.list.replaceChildren(...state.rows.map((each) => each.item));
  }
  draw(state);
}

function row(state, { name, threshold, id }) {
  const bar = element("div", { className: "bar" });
  const line = element("div", { className: "line" });
  line.style.insetInlineStart = `calc(${100 * threshold}% - 1px)`;
  const value = element("span", { className: "value" });
  const button = element("button", { type: "button", textContent: t("Keep"), hidden: !id });
  button.setAttribute("aria-label", t("Keep this frame under {tag}", { tag: name }));
  button.title = button.getAttribute("aria-label");
  button.onclick = () => keep(state, id);
  const item = element(
    "li", {}, element("span", { className: "name" }, isolated(name)),
    element("div", { className: "track" }, bar, line), value, button,
  );
  return { item, bar, value, button };
}

function draw(state) {
  state.answered.hidden = !state.last;
  if (!state.last) return;
  const { probabilities, answer } = state.last;
  state.rows.forEach(({ item, bar, value, button }, index) => {
    bar.style.width = `${100 * probabilities[index]}%`;
    value.textContent = perCent(digits(100 * probabilities[index], 1));
    item.classList.toggle("is-answer", answer.includes(index));
    button.disabled = !source(state);
  });
  const names = answer.map((index) => state.data.bars[index].name);
  const text = names.join(", ") || t("No answer");
  state.why.textContent = names.length ? "" : whyNone(state);
  if (text === state.heading.textContent) return;
  state.heading.replaceChildren(...(names.length ? isolatedList(names) : [text]));
  clearTimeout(state.timer);
  state.timer = setTimeout(() => { state.told.textContent = text; }, SAY_MS);
}

function whyNone({ data, last }) {
  if (data.threshold !== null || new Set(data.bars.map((each) => each.threshold)).size === 1) {
    return t("No probability reaches the threshold of {threshold}.", {
      threshold: perCent(digits(100 * data.bars[0].threshold)),
    });
  }
  const top = last.probabilities.indexOf(Math.max(...last.probabilities));
  return t("The most probable tag, {tag}, does not reach its threshold of {threshold}.", {
    tag: data.bars[top].name, threshold: perCent(digits(100 * data.bars[top].threshold)),
  });
}
