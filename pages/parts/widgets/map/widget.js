// A map of points: moved and zoomed, coloured, hovered, selected. The browser holds the selection and sends it as bits.

import { digits, element, isolated, isOutdated, perCent, placed, stateOf, t, tn } from "../dom.js";
import { gradient, mark, NO_VALUE, painted } from "./colours.js";
import { painter } from "./drawing.js";
import { grid, inside, nearest, unpacked } from "./geometry.js";

const REST_MS = 150;
const NEAR_PX = 14;
const ZOOM = 1.25;
const MODES = { Lasso: t("Lasso"), Box: t("Box"), Move: t("Move") };
// Without a graphics card, fewer points are drawn while the map moves: as few as keep frames this short, at the least.
const FRAME_MS = 35;
const MOVING_LEAST = 10_000;

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".map");
  const state = stateOf(root, mount);
  state.send = (bits) => setStateValue("selection", { revision: state.revision, bits });
  if (isOutdated(state, data.points_version, data.colours_version)) fill(state, data);
  if (state.revision !== data.revision) {
    state.revision = data.revision;
    state.selected.fill(0);
  }
  paint(state);
}

function mount(state) {
  const find = (selector) => state.root.querySelector(selector);
  Object.assign(state, {
    canvas: find(".points"), outline: find(".outline"), hint: find(".hint"), by: find(".by"), frame: find(".frame"),
    count: find(".count"), legend: find(".legend"), ofLegend: find(".of-legend"), none: find(".none"),
    mode: "Lasso", view: { x: 0, y: 0, zoom: 1 }, reach: [1, 1], pointers: new Map(), trail: [],
    shown: new Set(), colouring: "", selected: new Uint8Array(0), places: new Float32Array(0),
    revision: null, version: null, first: "", timer: null, step: 1, still: null,
  });
  state.painter = painter(state.canvas);
  if (!state.painter) state.frame.replaceChildren(t("This browser has no WebGL, which the map needs."));
  for (const [mode, label] of Object.entries(MODES)) {
    const button = element("button", { type: "button", textContent: label });
    button.dataset.mode = mode;
    button.onclick = () => { state.mode = mode; showMode(state); };
    find(".modes").append(button);
  }
  for (const [label, name, act] of [
    ["+", t("Zoom in"), () => zoom(state, ZOOM)], ["−", t("Zoom out"), () => zoom(state, 1 / ZOOM)],
    [t("All"), t("Show the whole map"), () => { state.view = { x: 0, y: 0, zoom: 1 }; draw(state); }],
  ]) {
    const properties = { type: "button", textContent: label, title: name, ariaLabel: name, onclick: act };
    find(".zooms").append(element("button", properties));
  }
  state.by.onchange = () => { state.colouring = state.by.value; state.shown.clear(); colour(state); paint(state); };
  find(".in-view").onclick = () => choose(state, inView(state));
  state.ofLegend.onclick = () => choose(state, ofLegend(state));
  state.none.onclick = () => choose(state, []);
  listen(state);
  new ResizeObserver(() => resize(state)).observe(state.frame);
  showMode(state);
}

function fill(state, data) {
  if (state.version !== data.points_version) fillPoints(state, data);
  state.colourings = data.colourings.map((each) => ({ ...each, values: unpacked(each.values, Uint16Array) }));
  const names = state.colourings.map(({ name }) => name);
  const options = state.colourings.map(({ name, title }) => element("option", { value: name, textContent: title }));
  state.by.replaceChildren(...options);
  if (data.first && state.first !== data.first) state.colouring = data.first;
  if (!names.includes(state.colouring)) state.colouring = names[0];
  Object.assign(state, { first: data.first, shown: new Set() });
  state.by.value = state.colouring;
  colour(state);
  resize(state);
}

function fillPoints(state, { count, positions, digests, rings, thumbnail, points_version: version }) {
  const sent = unpacked(positions, Uint16Array);
  Object.assign(state, {
    number: count, thumbnail, version, places: Float32Array.from(sent, (value) => value / 32767 - 1),
    digests: unpacked(digests, Uint8Array), rings: unpacked(rings, Uint16Array), selected: new Uint8Array(count),
  });
  state.cells = grid(state.places);
  state.reach = [0, 1].map((axis) => state.places.reduce(
    (most, value, at) => (at % 2 === axis ? Math.max(most, Math.abs(value)) : most), 0.05,
  ));
  state.painter?.places(state.places);
}

const colouringOf = (state) => state.colourings.find(({ name }) => name === state.colouring);

function colour(state) {
  const chosen = colouringOf(state);
  const { colours, shapes } = painted(chosen, state.rings);
  state.painter?.colours(colours);
  state.painter?.shapes(shapes);
  state.legend.replaceChildren(...(chosen.labels.length ? entries(state, chosen) : scale(chosen)));
}

function entries(state, { values, labels }) {
  const numbers = labels.map(() => 0);
  for (const value of values) numbers[Math.min(value, labels.length - 1)] += 1;
  const present = labels.map((label, place) => ({ label, place })).filter(({ place }) => numbers[place]);
  return present.map(({ label, place }) => {
    const { colour: tone, shape } = mark(place, labels);
    const dot = element("span", { className: `dot shape-${shape}`, ariaHidden: "true" });
    dot.style.setProperty("--tone", tone);
    const entry = element("button", { type: "button" }, dot, isolated(label), ` ${digits(numbers[place])}`);
    entry.setAttribute("aria-pressed", "false");
    entry.onclick = () => {
      if (!state.shown.delete(place)) state.shown.add(place);
      entry.setAttribute("aria-pressed", state.shown.has(place));
      paint(state);
    };
    return entry;
  });
}

function scale({ low, high }) {
  const bar = element("span", { className: "scale", ariaHidden: "true" });
  bar.style.background = gradient();
  return [element("span", {}, low), bar, element("span", {}, high)];
}

// ---- drawing -----------------------------------------------------------------------------------------------------

function resize(state) {
  const [width, height] = [state.frame.clientWidth, state.frame.clientHeight];
  if (!width) return;
  const ratio = window.devicePixelRatio || 1;
  for (const canvas of [state.canvas, state.outline]) {
    Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  }
  draw(state);
}

/** Pixels of the page for one unit of the map, which fills the frame at zoom 1. */
function unit({ frame, reach, view }) {
  const room = Math.min(frame.clientWidth / reach[0], frame.clientHeight / reach[1]);
  return (room / 2) * 0.94 * view.zoom;
}

const toMap = (state, [x, y]) => [
  (x - state.frame.clientWidth / 2) / unit(state) + state.view.x,
  (state.frame.clientHeight / 2 - y) / unit(state) + state.view.y,
];

/** Draw with the next frame; while the map moves perhaps not every point, until it is at rest. */
function draw(state, isMoving = false) {
  clearTimeout(state.still);
  if (isMoving) state.still = setTimeout(() => draw(state), REST_MS);
  state.isMoving = isMoving;
  if (state.waits) return;
  state.waits = true;
  requestAnimationFrame((started) => {
    state.waits = false;
    drawPoints(state);
    if (state.isMoving) requestAnimationFrame((now) => adapt(state, now - started));
  });
}

function drawPoints(state) {
  const [width, height] = [state.frame.clientWidth, state.frame.clientHeight];
  if (!width || !state.painter) return;
  const each = [(2 * unit(state)) / width, (2 * unit(state)) / height];
  const view = { scale: each, shift: [-state.view.x * each[0], -state.view.y * each[1]] };
  const size = Math.min(20, Math.max(3, 160 / Math.sqrt(state.number + 1)) * Math.sqrt(state.view.zoom));
  const ink = (getComputedStyle(state.root).color.match(/[\d.]+/g) ?? [0, 0, 0]).slice(0, 3).map((c) => c / 255);
  const pixels = Math.max(3, size) * (window.devicePixelRatio || 1);
  state.painter.draw(state.number, state.isMoving ? state.step : 1, view, pixels, ink);
}

/** Draw fewer points from now on while the map moves, if a frame took too long. */
function adapt(state, frameMs) {
  const most = Math.ceil(state.number / MOVING_LEAST);
  if (frameMs > FRAME_MS && state.step < most) state.step += 1;
}

function drawTrail(state) {
  const ratio = window.devicePixelRatio || 1;
  const pen = state.outline.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, state.outline.width, state.outline.height);
  if (state.trail.length < 2) return;
  pen.beginPath();
  for (const [x, y] of corners(state)) pen.lineTo(x, y);
  pen.closePath();
  pen.strokeStyle = getComputedStyle(state.root).color;
  pen.lineWidth = 2;
  pen.setLineDash([6, 4]);
  pen.stroke();
}

function corners({ mode, trail }) {
  if (mode !== "Box") return trail;
  const [[left, top], [right, low]] = [trail[0], trail[trail.length - 1]];
  return [[left, top], [right, top], [right, low], [left, low]];
}

/** Which points stand out, and what is said of the selection. */
function paint(state) {
  const { values, labels } = colouringOf(state);
  const states = new Uint8Array(state.number);
  let number = 0;
  for (let at = 0; at < state.number; at += 1) {
    const isShown = !state.shown.size || state.shown.has(Math.min(values[at], labels.length - 1));
    states[at] = state.selected[at] ? 2 : Number(isShown);
    number += state.selected[at];
  }
  state.painter?.states(states);
  state.count.textContent = tn(state.number, "{chosen} of {n} image selected", "{chosen} of {n} images selected", {
    chosen: digits(number),
  });
  state.none.disabled = !number;
  state.ofLegend.hidden = !state.shown.size;
  draw(state);
}

function showMode(state) {
  for (const button of state.root.querySelectorAll(".modes button")) {
    button.setAttribute("aria-pressed", button.dataset.mode === state.mode);
  }
  state.frame.dataset.mode = state.mode;
}

// ---- what the user does ------------------------------------------------------------------------------------------

function listen(state) {
  const { canvas } = state;
  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    state.pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    state.trail = [[event.offsetX, event.offsetY]];
    state.moved = 0;
    state.adds = event.shiftKey;
    state.hint.hidden = true;
  };
  canvas.onpointermove = (event) => (state.pointers.has(event.pointerId) ? drag(state, event) : hover(state, event));
  canvas.onpointerup = (event) => release(state, event);
  canvas.onpointercancel = (event) => { state.pointers.delete(event.pointerId); state.trail = []; drawTrail(state); };
  canvas.onpointerleave = () => { state.hint.hidden = true; };
  canvas.addEventListener("wheel", (event) => {
    // The page scrolls as everywhere until the map is in use.
    if (!event.ctrlKey && state.root.getRootNode().activeElement !== canvas) return;
    event.preventDefault();
    zoom(state, event.deltaY < 0 ? ZOOM : 1 / ZOOM, [event.offsetX, event.offsetY]);
  }, { passive: false });
  canvas.onkeydown = (event) => key(state, event);
}

function drag(state, event) {
  const now = [event.offsetX, event.offsetY];
  const before = state.pointers.get(event.pointerId);
  const others = [...state.pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
  state.pointers.set(event.pointerId, now);
  const [right, down] = [now[0] - before[0], now[1] - before[1]];
  state.moved += Math.abs(right) + Math.abs(down);
  if (others.length) {
    state.trail = [];
    drawTrail(state);
    const [far, near] = [now, before].map(([x, y]) => Math.hypot(x - others[0][0], y - others[0][1]));
    if (near > 0) zoom(state, far / near, others[0]);
  } else if (state.mode === "Move") move(state, right, down);
  else if (state.trail.length) {
    state.trail.push(now);
    drawTrail(state);
  }
}

function move(state, right, down) {
  state.view.x -= right / unit(state);
  state.view.y += down / unit(state);
  draw(state, true);
}

function zoom(state, factor, at = [state.frame.clientWidth / 2, state.frame.clientHeight / 2]) {
  const before = toMap(state, at);
  state.view.zoom = Math.min(200, Math.max(0.5, state.view.zoom * factor));
  const after = toMap(state, at);
  state.view.x += before[0] - after[0];
  state.view.y += before[1] - after[1];
  draw(state, true);
}

function release(state, event) {
  state.pointers.delete(event.pointerId);
  const trail = state.trail.length > 1 ? corners(state) : [];
  state.trail = [];
  if (state.moved < 6) {
    const at = under(state, event);
    if (at >= 0) toggle(state, at);
  } else if (state.mode !== "Move" && trail.length) {
    const found = inside(state.places, trail.map((place) => toMap(state, place)));
    choose(state, state.adds ? [...found, ...chosen(state)] : found);
  }
  drawTrail(state);
}

function toggle(state, at) {
  state.selected[at] = 1 - state.selected[at];
  paint(state);
  rest(state);
}

const under = (state, event) =>
  nearest(state.cells, state.places, toMap(state, [event.offsetX, event.offsetY]), NEAR_PX / unit(state));

function hover(state, event) {
  const at = under(state, event);
  state.hint.hidden = at < 0;
  if (at < 0 || state.hovered === at) return;
  state.hovered = at;
  const bytes = state.digests.subarray(32 * at, 32 * at + 32);
  const digest = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
  const lines = state.colourings.map((each) => {
    const parts = { key: isolated(each.title), value: isolated(worded(each, at)) };
    return element("div", {}, ...placed(t("{key}: {value}"), parts));
  });
  const image = element("img", { src: state.thumbnail.replace("SHA", digest.join("")), alt: "" });
  state.hint.replaceChildren(image, ...lines);
  const [x, y] = [event.offsetX, event.offsetY];
  state.hint.style.left = `${Math.min(x + 14, state.frame.clientWidth - 160)}px`;
  state.hint.style.top = `${Math.max(4, Math.min(y - 60, state.frame.clientHeight - 250))}px`;
}

/** A point's value in words. */
function worded({ values, labels, ends }, at) {
  if (labels.length) return labels[Math.min(values[at], labels.length - 1)];
  if (values[at] === NO_VALUE) return "–";
  const [low, high, what] = ends;
  const value = low + ((high - low) * values[at]) / (NO_VALUE - 1);
  if (what === "number") return `${Number(value.toPrecision(4))}`;
  return what === "day" ? new Date(value * 86_400_000).toISOString().slice(0, 10) : perCent(digits(100 * value));
}

function key(state, event) {
  const step = 40;
  const acts = {
    ArrowLeft: () => move(state, step, 0), ArrowRight: () => move(state, -step, 0),
    ArrowUp: () => move(state, 0, step), ArrowDown: () => move(state, 0, -step),
    "+": () => zoom(state, ZOOM), "=": () => zoom(state, ZOOM), "-": () => zoom(state, 1 / ZOOM),
    0: () => { state.view = { x: 0, y: 0, zoom: 1 }; draw(state); },
    Enter: () => choose(state, inView(state)), Escape: () => choose(state, []),
  };
  if (!acts[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
  acts[event.key]();
  event.preventDefault();
}

function inView(state) {
  const [right, low] = [state.frame.clientWidth, state.frame.clientHeight];
  const edges = [[0, 0], [right, 0], [right, low], [0, low]];
  return inside(state.places, edges.map((place) => toMap(state, place)));
}

function ofLegend(state) {
  const { values, labels } = colouringOf(state);
  return every(state).filter((at) => state.shown.has(Math.min(values[at], labels.length - 1)));
}

const every = (state) => Array.from({ length: state.number }, (_, at) => at);
const chosen = (state) => every(state).filter((at) => state.selected[at]);

function choose(state, places) {
  state.selected.fill(0);
  for (const at of places) state.selected[at] = 1;
  paint(state);
  rest(state);
}

function rest(state) {
  clearTimeout(state.timer);
  state.timer = setTimeout(() => state.send(packedBits(state.selected)), REST_MS);
}

function packedBits(selected) {
  const bytes = new Uint8Array(Math.ceil(selected.length / 8));
  selected.forEach((is, at) => { if (is) bytes[at >> 3] |= 1 << (at & 7); });
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
