// The heading of a drawer beside the page. What opened the drawer gets the focus back when it closes.

import { isolated, stateOf, t } from "../dom.js";

const DRAWER = ".st-key-drawer";
// What lies in front of a drawer that covers the page.
const ABOVE = '[role="dialog"], [data-baseweb="popover"], .st-key-undo-toast';
// A run of the page may draw the drawer anew. Only one that is still away after this time was closed.
const AWAY_MS = 500;

/** What the drawer on the page knows, for the one that is drawn in its place. */
let known = null;

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".head");
  const state = stateOf(root, mount);
  state.tell = () => setTriggerValue("closed", true);
  state.parameter = data.parameter;
  const words = data.heading.map(([text]) => text).join("");
  title(state, data.heading);
  listen(state);
  if (state.opening === data.opening) {
    if (state.words !== words) state.told.textContent = words;
  } else open(state, data);
  Object.assign(state, { words, opening: data.opening });
  known = { words, opening: data.opening, opener: state.opener };
  // Also called when a newer call overtook this one; then the drawer lives on.
  return () => { if (!root.isConnected) leave(state); };
}

function mount(state) {
  const find = (selector) => state.root.querySelector(selector);
  Object.assign(state, {
    heading: find("h2"), told: find(".told"), opening: null, words: null, opener: null, away: null,
    drawer: state.root.getRootNode().host.closest(DRAWER), ...known,
  });
  state.drawer.setAttribute("role", "region");
  state.drawer.setAttribute("aria-label", t("Images"));
  find(".close").onclick = () => close(state);
}

function title(state, heading) {
  const part = ([text, isName]) => (isName ? isolated(text) : text);
  state.heading.replaceChildren(...heading.map(part));
}

// ---- opening and closing ---------------------------------------------------------------------------------------

function open(state, { parameter, address }) {
  const from = deepest();
  if (from && !inside(state.drawer, from)) state.opener = place(from);
  delete state.drawer.dataset.closed;
  state.drawer.scrollTop = 0;
  remember(parameter, address);
  state.heading.focus({ preventScroll: true });
  // The page beside the drawer has become narrower, and what was clicked may have moved.
  requestAnimationFrame(() => found(state.opener)?.scrollIntoView({ block: "nearest" }));
}

function close(state) {
  if (isClosed(state.drawer)) return;
  hide(state);
  // After a step back Streamlit runs the page again, and that closes the drawer.
  if (!forget(state.parameter)) state.tell();
}

function hide(state) {
  state.drawer.dataset.closed = "";
  found(state.opener)?.focus();
}

/** The drawer is no longer on the page: it is drawn anew, it was closed, or another view is shown. */
function leave(state) {
  state.away?.abort();
  state.away = null;
  setTimeout(() => {
    if (document.querySelector(DRAWER)) return;
    known = null;
    forget(state.parameter);
  }, AWAY_MS);
}

function listen(state) {
  if (state.away) return;
  state.away = new AbortController();
  const { signal } = state.away;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !isBusy(event)) close(state);
  }, { signal });
  addEventListener("popstate", () => {
    if (!isClosed(state.drawer) && !new URLSearchParams(location.search).has(state.parameter)) hide(state);
  }, { signal });
  // On a phone the drawer covers the page: what is under it must not get the focus.
  document.addEventListener("focusin", (event) => {
    const isAbove = inside(state.drawer, event.target) || event.target.closest(ABOVE);
    if (!isAbove && covers(state.drawer)) state.heading.focus();
  }, { signal });
}

/** Whether Escape is meant for something in front of the drawer: a dialog, an open list. */
function isBusy(event) {
  const target = event.composedPath()[0];
  return document.querySelector('[role="dialog"]') || target.closest?.('[aria-expanded="true"], [role="listbox"][id]');
}

const isClosed = (drawer) => "closed" in drawer.dataset;

const covers = (drawer) => !isClosed(drawer) && drawer.getBoundingClientRect().width > innerWidth - 8
  && drawer.getBoundingClientRect().height > innerHeight - 8;

// ---- the focus -------------------------------------------------------------------------------------------------

/** The element with the focus, inside widgets too. */
function deepest() {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at === document.body ? null : at;
}

function inside(drawer, node) {
  for (let at = node; at; at = at.parentNode ?? at.host) if (at === drawer) return true;
  return false;
}

/** An element, and how to find the one that a widget may draw in its place. */
function place(node) {
  const data = Object.entries(node.dataset ?? {}).map(([name, value]) =>
    `[data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}="${CSS.escape(value)}"]`);
  return { node, root: node.getRootNode(), selector: data.length ? `${node.localName}${data.join("")}` : null };
}

function found(opener) {
  if (!opener) return null;
  return opener.node.isConnected ? opener.node : opener.selector && opener.root.querySelector(opener.selector);
}

// ---- the address -----------------------------------------------------------------------------------------------

/** Put what is open into the address: the first one is a step of the Back button, the next ones take its place. */
function remember(parameter, value) {
  const address = new URL(location.href);
  const before = address.searchParams.get(parameter);
  if (before === value) return;
  address.searchParams.set(parameter, value);
  const others = { ...history.state, tagwise: without(parameter) };
  // The prototype's, because history.js lets only pages and views be steps of the Back button.
  if (before === null) History.prototype.pushState.call(history, others, "", address);
  else history.replaceState(history.state, "", address);
}

/** Take it out again; whether that is a step back, because nothing else in the address has changed since. */
function forget(parameter) {
  const address = new URL(location.href);
  if (!address.searchParams.has(parameter)) return false;
  const isStepBack = history.state?.tagwise === without(parameter);
  address.searchParams.delete(parameter);
  if (isStepBack) history.back();
  else history.replaceState({ ...history.state, tagwise: undefined }, "", address);
  return isStepBack;
}

/** What else stands in the address. */
function without(parameter) {
  const others = new URLSearchParams(location.search);
  others.delete(parameter);
  return others.toString();
}
