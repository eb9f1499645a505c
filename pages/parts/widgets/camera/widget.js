// The camera: shots are taken and kept in the browser, and go to Python together.

import { element, focusedIn, stateOf, t, tn } from "../dom.js";
import { closed, drawn, offer, opened, refused, sizeOf, withheld } from "./device.js";

const HOLD_MS = 400;
const WIDTH_PX = 1280;

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".camera");
  const state = stateOf(root, mount);
  state.send = (value) => setTriggerValue("shots", value);
  if (state.data && state.data.turn !== data.turn) {
    state.sending = false;
    if (data.stored) state.shots = state.shots.filter((each) => !state.sent.has(each));
    state.data = data;
    paint(state);
    refocus(state);
  }
  state.data = data;
  paint(state);
  // Also called when a newer call overtook this one; then the camera stays on.
  return () => { if (!root.isConnected) off(state); };
}

function mount(state) {
  const find = (selector) => state.root.querySelector(selector);
  Object.assign(state, {
    status: find(".status"), view: find(".view"), video: find("video"), shoot: find(".shoot"), which: find(".which"),
    on: find(".on"), off: find(".off"), hint: find(".hint"), taken: find(".taken"), list: find("ul"), add: find(".add"),
    drop: find(".drop"), told: find(".told"), shots: [], sent: new Set(), sending: false, stream: null, timer: null,
    data: null,
  });
  state.on.onclick = () => on(state);
  state.off.onclick = () => { off(state); state.on.focus(); };
  state.which.onchange = () => on(state, state.which.value);
  state.add.onclick = () => add(state);
  state.drop.onclick = () => { state.shots = []; paint(state); refocus(state); };
  holding(state);
}

// ---- on and off --------------------------------------------------------------------------------------------------

async function on(state, device) {
  const reason = withheld();
  if (reason) return say(state, reason);
  off(state);
  state.on.disabled = true;
  try {
    const stream = await opened(device, WIDTH_PX);
    if (!state.root.isConnected) return closed(stream);
    state.stream = stream;
    state.stream.getVideoTracks()[0].onended = () => { off(state); say(state, t("The camera was disconnected.")); };
    state.video.srcObject = state.stream;
    await state.video.play();
    await offer(state.which, state.stream);
    say(state, "");
  } catch (error) {
    off(state);
    say(state, refused(error));
  } finally {
    state.on.disabled = false;
  }
  paint(state);
  if (state.stream) state.shoot.focus();
}

function off(state) {
  release(state);
  closed(state.stream);
  state.stream = state.video.srcObject = null;
  paint(state);
}

// ---- shots -------------------------------------------------------------------------------------------------------

/** A click takes one; held by pointer or key, the button takes one after another until it is let go. */
function holding(state) {
  const { shoot } = state;
  const isKey = (event) => event.key === " " || event.key === "Enter";
  shoot.onpointerdown = (event) => { if (event.button === 0) hold(state); };
  shoot.onkeydown = (event) => {
    if (!isKey(event)) return;
    event.preventDefault();
    if (!event.repeat) hold(state);
  };
  shoot.onkeyup = (event) => { if (isKey(event)) release(state); };
  for (const end of ["pointerup", "pointerleave", "pointercancel", "blur"]) {
    shoot.addEventListener(end, () => release(state));
  }
  shoot.oncontextmenu = (event) => event.preventDefault();  // which a long touch would open
  shoot.onclick = (event) => { if (event.detail === 0) take(state); };  // pressed by a program that reads screens
}

function hold(state) {
  release(state);
  take(state);
  state.timer = setTimeout(() => { state.timer = setInterval(() => take(state), state.data.every); }, HOLD_MS);
}

function release(state) {
  clearTimeout(state.timer);
  clearInterval(state.timer);
  state.timer = null;
}

function take(state) {
  const { most, side, quality } = state.data;
  if (!state.stream || !sizeOf(state.video)[0]) return;
  if (state.shots.length >= most) return release(state);
  state.shots.push(drawn(state.video, { longest: side }).toDataURL("image/jpeg", quality));
  paint(state);
}

function add(state) {
  if (!state.shots.length || state.sending) return;
  state.sending = true;
  state.sent = new Set(state.shots);
  paint(state);
  state.send({ turn: state.data.turn, images: state.shots.map((each) => each.split(",")[1]) });
}

// ---- what is drawn -----------------------------------------------------------------------------------------------

function say(state, text) {
  state.status.textContent = text;
}

function paint(state) {
  if (!state.data) return;
  const { tags, most } = state.data;
  const number = state.shots.length;
  state.view.hidden = !state.stream;
  state.on.hidden = Boolean(state.stream);
  state.taken.hidden = number === 0;
  state.shoot.disabled = number >= most;
  state.hint.textContent = number >= most
    ? t("{n} at a time: add them, or drop some.", { n: most })
    : t("Hold the button, or the space bar on it, for several in a row.");
  const names = tags.map((tag) => `\u2068${tag}\u2069`).join(", ");  // marks that keep a name's direction in it
  const added = names
    ? tn(number, "Add {n} shot to {tags}", "Add {n} shots to {tags}", { tags: names })
    : tn(number, "Add {n} shot without a tag", "Add {n} shots without a tag");
  state.add.textContent = state.sending ? t("Adding …") : added;
  state.told.textContent = number ? tn(number, "{n} shot taken", "{n} shots taken") : "";
  state.add.disabled = state.drop.disabled = state.sending;
  // Only what is new is drawn: images that are there already would flicker.
  const there = new Map([...state.list.children].map((each) => [each.shot, each]));
  state.list.replaceChildren(...state.shots.map((shot) => there.get(shot) ?? shotItem(state, shot)));
  [...state.list.children].forEach((item, index) => {
    item.querySelector("img").alt = t("Shot {number}", { number: index + 1 });
    const drop = item.querySelector("button");
    drop.title = t("Drop shot {number}", { number: index + 1 });
    drop.setAttribute("aria-label", drop.title);
  });
}

/** Moves the focus on when the button that had it is no longer there, never away from another part of the page. */
function refocus(state) {
  if (focusedIn(state.root) || document.activeElement !== document.body) return;
  (state.stream ? state.shoot : state.on).focus();
}

function shotItem(state, shot) {
  const image = element("img", { src: shot, draggable: false });
  const drop = element("button", { type: "button", textContent: "×" });
  drop.onclick = () => {
    if (state.sending) return;
    state.shots = state.shots.filter((each) => each !== shot);
    paint(state);
    (state.list.querySelector("button") ?? state.shoot).focus();
  };
  return element("li", { shot }, image, drop);
}
