// A tag's images in one row, from the least to the most probable, and the threshold as a line through them: right of it
// stand the images answered with the tag. An image with level l is answered at the positions 0 .. l - 1 of the slider,
// so nothing but integers is compared. Images with level 0 stand in a group of their own: another tag came first.
//
// mountStrip(host, onMove) once, fillStrip(strip, data) for each tag, moveStrip(strip, percent) at each move.

import { digits, element, inPercent, isolated, perCent, placed, t, thumbnail, tn } from "../dom.js";

const POSITIONS = 101;
const GAP_PX = 8; // between images; the line stands in it
const SIDE_PX = 34; // between the line and a word beside it, which is left out where it has no room
const FLIPS_SHOWN = 40;
const LEAST_PX = 52;
const MOST_PX = 84;

// What an image is at a position: its sign and word.
const FATES = {
  found: ["✓", t("found")],
  wrong: ["✕", t("wrongly given")],
  missed: ["!", t("missed")],
  other: ["", t("not answered, rightly")],
};

/**
 * An empty strip in an element. `onMove(percent)` is called while the user drags the line; who is told moves the slider
 * and calls moveStrip. Images are `least` to `most` px wide, as wide as fits.
 */
export function mountStrip(host, onMove, { least = LEAST_PX, most = MOST_PX } = {}) {
  const strip = {
    host, onMove, least, most, data: null, percent: null, tiles: [], cuts: [], shown: null,
    size: least, left: 0, width: 0, scrolled: 0, cut: 0, scrolling: null,
    still: matchMedia("(prefers-reduced-motion: reduce)"),
  };
  strip.root = stripParts(strip);
  host.replaceChildren(strip.root);
  strip.frame.addEventListener("scroll", () => {
    strip.scrolled = strip.frame.scrollLeft;
    placeSight(strip);
  }, { passive: true });
  strip.map.onclick = (event) => {
    const box = strip.map.getBoundingClientRect();
    strip.frame.scrollLeft = strip.length * (event.clientX - box.left) / box.width - strip.width / 2;
  };
  strip.row.onkeydown = (event) => walkStrip(strip, event);
  strip.row.addEventListener("focusin", (event) => showCard(strip, event.target.closest(".strip-tile")));
  strip.row.addEventListener("focusout", () => hideCard(strip));
  strip.row.addEventListener("pointerover", (event) => {
    const tile = event.target.closest(".strip-tile");
    if (tile && event.pointerType === "mouse") showCard(strip, tile);
  });
  strip.root.addEventListener("pointerleave", () => hideCard(strip));
  strip.root.addEventListener("keydown", (event) => { if (event.key === "Escape") hideCard(strip); });
  dragLine(strip);
  new ResizeObserver(() => measureStrip(strip)).observe(strip.frame);
  return strip;
}

/** Show another tag's images; `data` is what threshold_strip.data() in Python returns. */
export function fillStrip(strip, data) {
  const { images } = data;
  Object.assign(strip, { data, tiles: images.map(stripTile), percent: null, cut: 0, isPlaced: false });
  strip.never = images.filter(({ level }) => level === 0).length;
  // cuts[percent]: how many images of the row stand left of the line; the levels rise along the row
  const levels = images.slice(strip.never).map(({ level }) => level);
  strip.cuts = Array.from({ length: POSITIONS }, () => 0);
  let cut = 0;
  for (let percent = 0; percent < POSITIONS; percent += 1) {
    while (cut < levels.length && levels[cut] <= percent) cut += 1;
    strip.cuts[percent] = cut;
  }
  strip.levels = levels;
  strip.cells = images.map(() => element("i"));
  strip.map.replaceChildren(...strip.cells, strip.needle, strip.sight);
  strip.neverTiles.replaceChildren(...strip.tiles.slice(0, strip.never));
  strip.orderedTiles.replaceChildren(...strip.tiles.slice(strip.never));
  strip.neverGroup.hidden = strip.never === 0;
  strip.orderedGroup.hidden = strip.line.hidden = levels.length === 0;
  strip.row.setAttribute("aria-label", t("Images of {tag}, the least probable first", { tag: data.tag }));
  for (const name of strip.root.querySelectorAll("bdi.strip-tag")) name.textContent = data.tag;
  strip.empty.hidden = images.length > 0;
  strip.precision.told = strip.recall.told = null; // the tag is another one
  hideCard(strip);
  reachTile(strip, strip.never);
  measureStrip(strip);
}

/** Move the line to a position of the slider, 0 .. 100. */
export function moveStrip(strip, percent) {
  const { data, cuts, never, tiles } = strip;
  if (!data || percent === strip.percent) return;
  const [before, cut] = [strip.cut, cuts[percent]];
  const isFirst = strip.percent === null;
  Object.assign(strip, { percent, cut });
  if (isFirst) tiles.forEach((_, index) => paintTile(strip, index));
  else {
    const [from, to] = [never + Math.min(before, cut), never + Math.max(before, cut)];
    for (let index = from; index < to; index += 1) paintTile(strip, index);
    flashTiles(strip, from, to);
  }
  placeLine(strip);
  tellStrip(strip);
  if (strip.shown) fillCard(strip);
}

/** How many images are drawn on either side of the line, by what they are; for tests and for those who count. */
export function countStrip(strip) {
  const counts = { found: 0, wrong: 0, missed: 0, other: 0 };
  for (const tile of strip.tiles) counts[tile.dataset.fate] += 1;
  return counts;
}

// ---- building --------------------------------------------------------------------------------------------------

function stripParts(strip) {
  const part = (name, className, ...children) => element(name, { className }, ...children);
  const tagName = () => part("bdi", "strip-tag");
  strip.count = {};
  const legend = part("p", "strip-legend");
  for (const fate of ["found", "wrong", "missed"]) {
    const [sign, word] = FATES[fate];
    strip.count[fate] = element("b", { textContent: "0" });
    const mark = part("span", `strip-sign ${fate}`, sign);
    mark.setAttribute("aria-hidden", "true");
    legend.append(part("span", "strip-key", mark, strip.count[fate], ` ${word}`));
  }
  strip.neverTiles = part("div", "strip-tiles");
  strip.orderedTiles = part("div", "strip-tiles");
  strip.neverGroup = part("div", "strip-never", strip.neverTiles,
    part("span", "strip-under", t("another tag came first")));
  strip.orderedGroup = part("div", "strip-ordered", strip.orderedTiles, part("span", "strip-under",
    part("span", "", ...placed(t("← less likely {tag}"), { tag: tagName() })),
    part("span", "", ...placed(t("more likely {tag} →"), { tag: tagName() }))));
  strip.neverGroup.setAttribute("role", "group");
  strip.neverGroup.setAttribute("aria-label", t("Another tag came first"));
  strip.orderedGroup.setAttribute("role", "group");
  strip.orderedGroup.setAttribute("aria-label", t("By probability"));
  strip.row = part("div", "strip-row", strip.neverGroup, strip.orderedGroup);
  strip.row.setAttribute("role", "listbox");
  strip.row.setAttribute("aria-orientation", "horizontal");
  strip.at = part("output", "strip-at");
  strip.sides = [part("span", "strip-side not", t("← not answered")), part("span", "strip-side yes", t("answered →"))];
  strip.line = part("div", "strip-line", ...strip.sides, strip.at);
  strip.line.setAttribute("aria-hidden", "true");
  strip.zone = part("div", "strip-zone");
  strip.frame = part("div", "strip-frame", part("div", "strip-content", strip.zone, strip.row, strip.line));
  // the complete row, a stroke for each image
  [strip.needle, strip.sight] = [part("span", "strip-needle"), part("span", "strip-sight")];
  strip.map = part("div", "strip-map");
  strip.map.setAttribute("aria-hidden", "true");
  const noImage = placed(t("No image here is tagged {tag} or taken for it."), { tag: tagName() });
  strip.empty = part("p", "strip-note", ...noImage);
  strip.note = part("p", "strip-note");
  strip.precision = shareOf(["found", "wrong"]);
  strip.recall = shareOf(["found", "missed"]);
  strip.card = part("div", "strip-card");
  strip.card.hidden = true;
  return part("div", "strip", legend, strip.frame, strip.map, strip.empty, strip.card,
    part("div", "strip-shares", strip.precision.root, strip.recall.root), strip.note);
}

/** A sentence about a share, below a bar with its parts. */
function shareOf(fates) {
  const bar = element("div", { className: "strip-bar" }, ...fates.map((fate) => element("i", { className: fate })));
  const text = element("p");
  return { root: element("div", { className: "strip-share" }, bar, text), bar, text };
}

function stripTile(image) {
  const tile = element("div", { className: "strip-tile", tabIndex: -1 }, thumbnail(image.src, image.name));
  tile.setAttribute("role", "option");
  tile.setAttribute("aria-selected", "false");
  return tile;
}

// ---- what the user does ----------------------------------------------------------------------------------------

/** The arrow keys walk along the row, which is one stop of the Tab key. */
function walkStrip(strip, event) {
  const from = strip.tiles.indexOf(event.target.closest(".strip-tile"));
  const last = strip.tiles.length - 1;
  const to = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: last }[event.key];
  if (from < 0 || to === undefined) return;
  event.preventDefault();
  reachTile(strip, Math.min(Math.max(to, 0), last));
  strip.tiles[strip.reached].focus();
}

function reachTile(strip, index) {
  strip.tiles.forEach((tile, each) => {
    tile.tabIndex = each === index ? 0 : -1;
    tile.setAttribute("aria-selected", each === index);
  });
  strip.reached = index;
}

function dragLine(strip) {
  const { line } = strip;
  line.addEventListener("pointerdown", (event) => {
    line.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  line.addEventListener("pointermove", (event) => {
    if (!line.hasPointerCapture(event.pointerId)) return;
    const x = event.clientX - strip.orderedTiles.getBoundingClientRect().left;
    const cut = Math.min(Math.max(Math.round(x / (strip.size + GAP_PX)), 0), strip.levels.length);
    const percent = percentAt(strip, cut);
    if (percent !== strip.percent) strip.onMove(percent);
  });
}

/** The position nearest to the present one with so many images left of the line; images of one level stay together. */
function percentAt({ levels, percent }, cut) {
  const lowest = cut > 0 ? levels[cut - 1] : 0;
  const highest = cut < levels.length ? levels[cut] - 1 : POSITIONS - 1;
  return Math.min(Math.max(lowest, Math.min(percent, highest)), POSITIONS - 1);
}

// ---- drawing ---------------------------------------------------------------------------------------------------

/** Sizes are read when they change, not at each move: that would make the browser lay out the page again. */
function measureStrip(strip) {
  if (!strip.data) return;
  strip.width = strip.frame.clientWidth;
  const fits = Math.floor(strip.width / Math.max(strip.tiles.length, 1)) - GAP_PX;
  strip.size = Math.min(Math.max(fits, strip.least), strip.most);
  strip.root.style.setProperty("--size", `${strip.size}px`);
  strip.root.style.setProperty("--gap", `${GAP_PX}px`);
  strip.left = strip.orderedTiles.offsetLeft;
  strip.length = strip.row.offsetWidth;
  for (const side of strip.sides) side.hidden = false;
  strip.sideWidths = strip.sides.map((side) => side.offsetWidth + SIDE_PX);
  strip.scrolled = strip.frame.scrollLeft;
  strip.map.hidden = strip.length <= strip.width;
  placeSight(strip);
  if (strip.percent !== null) placeLine(strip);
}

/** The part of the complete row that is in sight. */
function placeSight({ sight, width, length, scrolled }) {
  sight.style.cssText = `left: ${100 * scrolled / length}%; width: ${100 * width / length}%`;
}

function fateOf(strip, index) {
  const isAnswered = index >= strip.never + strip.cut;
  if (strip.data.images[index].own) return isAnswered ? "found" : "missed";
  return isAnswered ? "wrong" : "other";
}

function paintTile(strip, index) {
  const [tile, image] = [strip.tiles[index], strip.data.images[index]];
  tile.dataset.fate = strip.cells[index].className = fateOf(strip, index);
  tile.setAttribute("aria-label", `${image.name}, ${FATES[tile.dataset.fate][1]}, ${ofImage(strip, image).join(", ")}`);
}

/** Tags, answer and probability of an image, in words. */
function ofImage({ data, percent }, { level, tags, first, first_level: firstLevel, probability }) {
  const answer = firstLevel > percent ? t("answer {tag}", { tag: first }) : t("no answer");
  const isGiven = level > percent ? t("answered with it") : t("not answered with it");
  return [
    tags.length ? t("tagged {tags}", { tags: tags.join(", ") }) : t("tagged none"),
    data.multilabel ? isGiven : answer,
    `${data.tag} ${inPercent(probability)}`,
  ];
}

/** Images in sight that change sides light up for a moment. */
function flashTiles(strip, from, to) {
  if (to - from > FLIPS_SHOWN || strip.still.matches) return;
  for (let index = from; index < to; index += 1) {
    const left = strip.left + (index - strip.never) * (strip.size + GAP_PX) - strip.scrolled;
    if (left < -strip.size || left > strip.width) continue;
    strip.tiles[index].animate([{ scale: "1.14" }, { scale: "1" }], { duration: 450, easing: "ease-out" });
  }
}

function placeLine(strip) {
  const x = strip.left + strip.cut * (strip.size + GAP_PX) - GAP_PX / 2;
  strip.line.style.transform = `translateX(${x}px)`;
  strip.zone.style.transform = `translateX(${x}px)`;
  writeText(strip.at, perCent(strip.percent));
  // At an end of the row the number would be cut.
  const shift = Math.max(SIDE_PX - x, 0) - Math.max(SIDE_PX - (strip.length - x), 0);
  strip.line.style.setProperty("--shift", `${shift}px`);
  strip.needle.style.left = `${100 * (strip.never + strip.cut) / Math.max(strip.tiles.length, 1)}%`;
  strip.sides[0].hidden = x < strip.sideWidths[0];
  strip.sides[1].hidden = strip.length - x < strip.sideWidths[1];
  // The line starts in the middle of what is in sight and stays in its middle half.
  const margin = strip.width / (strip.isPlaced ? 4 : 2);
  strip.isPlaced = true;
  const to = Math.min(Math.max(strip.scrolled, x - strip.width + margin), x - margin);
  if (Math.abs(to - strip.scrolled) > 1) {
    strip.scrolled = Math.max(to, 0);
    scrollSoon(strip);
  }
}

/** Scroll with the next frame: scrolling makes the browser lay out the page, at each move once more. */
function scrollSoon(strip) {
  if (strip.scrolling) return;
  strip.scrolling = requestAnimationFrame(() => {
    strip.scrolling = null;
    strip.frame.scrollLeft = strip.scrolled;
  });
}

/** Write a text, if it is another one than stands there. */
function writeText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function tellStrip(strip) {
  const { data, percent, count } = strip;
  const [found, wrong, missed] = data.counts[percent];
  for (const [fate, number] of Object.entries({ found, wrong, missed })) writeText(count[fate], digits(number));
  tellShare(strip.precision, found, wrong, (rate) => (rate === null
    ? [t("Nothing is right of the line: no precision.")]
    : [tn(found, "{share} right of the line is {tag}: {rate}", "{share} right of the line are {tag}: {rate}"),
      t("precision {rate}", { rate })]), data.tag);
  tellShare(strip.recall, found, missed, (rate) => (rate === null
    ? [t("No image here is tagged {tag}: no recall.")]
    : [tn(found, "{share} tagged {tag} is right of the line: {rate}",
      "{share} tagged {tag} are right of the line: {rate}"), t("recall {rate}", { rate })]), data.tag);
  const notes = [];
  if (data.in_row > data.images.length) {
    notes.push(t("{drawn} of {all} images are drawn, evenly spaced; the numbers count all.",
      { drawn: digits(data.images.length), all: digits(data.in_row) }));
  }
  if (data.below > 0) notes.push(tellBelow(data, percent));
  writeText(strip.note, notes.join(" "));
}

function tellBelow({ below, floor, counts }, percent) {
  const answered = percent < floor ? counts[percent][1] - counts[floor][1] : 0;
  const parts = { floor: perCent(floor), answered: digits(answered) };
  return answered
    ? tn(below,
      "Not drawn: {n} image without the tag, below {floor}; {answered} of them would stand right of the line.",
      "Not drawn: {n} images without the tag, below {floor}; {answered} of them would stand right of the line.", parts)
    : tn(below, "Not drawn: {n} image without the tag, below {floor}.",
      "Not drawn: {n} images without the tag, below {floor}.", parts);
}

/** Write a share; `words(rate)` has the sentence and, unless nothing is counted and the rate null, the named rate. */
function tellShare(share, right, others, words, tag) {
  const { bar, text } = share;
  const of = right + others;
  if (share.told === `${right} of ${of}`) return;
  share.told = `${right} of ${of}`;
  const rate = of ? right / of : 0;
  bar.style.setProperty("--share", rate);
  bar.classList.toggle("none", of === 0);
  const strong = (textContent) => element("b", { textContent });
  const [sentence, named] = words(of ? inPercent(rate) : null);
  text.replaceChildren(...placed(sentence, {
    share: strong(t("{part} of {all}", { part: digits(right), all: digits(of) })),
    rate: strong(named ?? ""),
    tag: isolated(tag),
  }));
}

// ---- one image, larger -----------------------------------------------------------------------------------------

function showCard(strip, tile) {
  if (!tile || strip.percent === null) return;
  strip.shown = tile;
  if (strip.card.firstChild) strip.card.replaceChildren();
  fillCard(strip);
  strip.card.hidden = false;
  const [box, around] = [tile.getBoundingClientRect(), strip.root.getBoundingClientRect()];
  const middle = box.left + box.width / 2 - around.left - strip.card.offsetWidth / 2;
  strip.card.style.left = `${Math.min(Math.max(middle, 0), around.width - strip.card.offsetWidth)}px`;
  strip.card.style.top = `${box.bottom - around.top + 6}px`;
}

function fillCard(strip) {
  const index = strip.tiles.indexOf(strip.shown);
  const image = strip.data.images[index];
  const [sign, word] = FATES[fateOf(strip, index)];
  const line = (textContent, className = "") => element("p", { textContent, className, dir: "auto" });
  const verdict = line(`${sign} ${word}`.trim(), `strip-verdict ${fateOf(strip, index)}`);
  const large = strip.card.querySelector("img, .missing") ?? thumbnail(image.src, image.name);
  const words = element("div", {}, verdict, line(image.name), ...ofImage(strip, image).map((text) => line(text)));
  strip.card.replaceChildren(large, words);
}

function hideCard(strip) {
  strip.shown = null;
  strip.card.hidden = true;
}
