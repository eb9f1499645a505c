// The two charts of the threshold explorer: precision and recall against the threshold, and precision against recall.
// Colour says which tag; in the first chart solid is precision, dashed or striped is recall.

import { digits, perCent, t } from "../dom.js";
import { shortened } from "./numbers.js";
import { isMixed, meansNow, positionOf } from "./thresholds.js";

const MARGIN = { l: 48, r: 22, t: 24, b: 28 };
const NAME_LETTERS = 40;
const MARKERS_MOST = 400;

/** plotly reads a name as HTML of its own kind. */
function label(name) {
  const cut = name.length > NAME_LETTERS ? `${name.slice(0, NAME_LETTERS - 1)}…` : name;
  return cut.replace(/[&<>]/g, (letter) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[letter]);
}

const cells = (tp, fp, fn, tn) => t("TP {tp} · FP {fp} · FN {fn} · TN {tn}", { tp, fp, fn, tn });
// what plotly is to write in a sentence
const [AT, RATE] = ["%{x}", perCent("%{y:.1f}")];
const columns = ({ data }) => [...data.tags.keys(), null];
const named = ({ data }, tag) => (tag === null ? t("All tags") : label(data.tags[tag].name));
const percents = (rate) => (rate === null ? null : 100 * rate);

/** The position whose line is drawn: the chosen tag's own threshold, or the slider's. */
const strongPosition = (state) => (state.chosen === null ? +state.slider.value : positionOf(state, state.chosen));

/** A tag's, or the mean's, measure at a position, as { value, interval }. */
export function at(state, position, tag, measure) {
  const { rows, means } = state.swept[position];
  return tag === null ? means[measure] : { value: rows[tag][measure], interval: rows[tag].intervals[measure] };
}

/** Pairs of lines against the threshold, the mean's last; where one is undefined it has a gap. */
function thresholdLines(state) {
  const { images } = state.data.tables;
  const hover = (tag) => tag === null ? null : state.swept.map(({ rows }) => {
    const { tp, fp, fn } = rows[tag];
    return `<br>${cells(tp, fp, fn, images - tp - fp - fn)}`;
  });
  return columns(state).flatMap((tag) => {
    const text = hover(tag);
    const parts = { rate: RATE, threshold: AT };
    const told = {
      precision: t("precision {rate} at {threshold}", parts), recall: t("recall {rate} at {threshold}", parts),
    };
    return ["precision", "recall"].map((measure) => ({
      name: named(state, tag),
      meta: { tag, measure },
      x0: 0,
      dx: 1,
      y: state.swept.map((_, position) => percents(at(state, position, tag, measure).value)),
      mode: "lines",
      line: { dash: measure === "precision" ? "solid" : "5px,4px" },
      connectgaps: false,
      cliponaxis: false,
      text,
      hovertemplate: `%{fullData.name}<br>${told[measure]}${text ? "%{text}" : ""}<extra></extra>`,
    }));
  });
}

/** Precision against recall, as steps: precision holds for the recall that was gained with it. */
function curveLines(state) {
  const told = t("precision {precision}, recall {recall}", { precision: RATE, recall: perCent("%{x:.1f}") });
  return columns(state).map((tag) => {
    const points = tag === null ? meanPoints(state) : tagPoints(state, tag);
    return {
      name: named(state, tag),
      meta: { tag },
      x: points.map((point) => 100 * point.recall),
      y: points.map((point) => 100 * point.precision),
      mode: "lines",
      line: { shape: "vh" },
      marker: { size: 4 },
      cliponaxis: false,
      text: points.map((point) => point.text),
      hovertemplate: `%{fullData.name}<br>${told}<br>%{text}<extra></extra>`,
    };
  });
}

function tagPoints({ data }, tag) {
  const { thresholds, tp, fp, positives } = data.tables.curves[tag];
  if (positives === 0) return [];
  return thresholds.map((threshold, point) => {
    const fn = positives - tp[point];
    const counted = cells(tp[point], fp[point], fn, data.tables.images - tp[point] - fp[point] - fn);
    return {
      precision: tp[point] / (tp[point] + fp[point]),
      recall: tp[point] / positives,
      text: `${counted}<br>${t("at {threshold}", { threshold: perCent(shortened(100 * threshold, 2)) })}`,
    };
  });
}

/** The mean's curve, through the slider's positions. */
function meanPoints(state) {
  return state.swept
    .map(({ means: { precision, recall } }, position) => ({
      precision: precision.value, recall: recall.value, text: t("at {threshold}", { threshold: perCent(position) }),
    }))
    .filter(({ precision, recall }) => precision !== null && recall !== null)
    .reverse();
}

/** The 95 % intervals of the strong pair of lines: areas between their ends. */
function bands(state, colour) {
  return ["precision", "recall"].map((measure) => {
    const runs = [[]];
    state.swept.forEach((_, position) => {
      const { interval } = at(state, position, state.chosen, measure);
      if (interval) runs.at(-1).push([position, ...interval]);
      else runs.push([]);
    });
    const outlines = runs.filter((run) => run.length).map((run) => [
      ...run.map(([x, low]) => [x, low / 100]),
      ...[...run].reverse().map(([x, , high]) => [x, high / 100]),
      [null, null],
    ]).flat();
    const stripes = { shape: "/", fgcolor: colour, fgopacity: 0.4, bgcolor: "rgba(0,0,0,0)", size: 7, solidity: 0.12 };
    const look = measure === "precision" ? { fillcolor: colour, opacity: 0.16 } : { fillpattern: stripes };
    return {
      x: outlines.map(([x]) => x), y: outlines.map(([, y]) => y),
      meta: { band: measure }, mode: "lines", line: { width: 0 }, fill: "toself", hoverinfo: "skip", ...look,
    };
  });
}

/** What plotly is to draw: the chosen tag's lines, or the mean's, strong before all others. */
export function drawn(state, colour) {
  const faint = state.chosen !== null ? 0.15 : state.rows.length > 10 ? 0.25 : 0.45;
  const onCurve = state.view === "curve";
  state.lines[state.view] ??= onCurve ? curveLines(state) : thresholdLines(state);
  const lines = state.lines[state.view].map((line) => {
    const strong = line.meta.tag === state.chosen;
    const marked = onCurve && strong && line.x.length <= MARKERS_MOST;
    return {
      ...line,
      mode: marked ? "lines+markers" : "lines",
      line: { ...line.line, color: colour(line.meta.tag), width: strong ? 3 : 1.25 },
      marker: { ...line.marker, color: colour(line.meta.tag) },
      opacity: strong ? 1 : faint,
      zorder: strong ? 1 : 0,
      // while it has a template, plotly disregards hoverinfo
      ...(strong || state.chosen === null ? {} : { hovertemplate: null, hoverinfo: "skip" }),
    };
  });
  return onCurve ? lines : [...bands(state, colour(state.chosen)), ...lines];
}

export function layout(state, ink) {
  const axis = {
    ticksuffix: perCent(""), fixedrange: true, zeroline: false, dtick: 20,
    gridcolor: ink.border, linecolor: ink.border, tickcolor: ink.border,
  };
  const title = (text, where) => ({ text, xref: "paper", yref: "paper", showarrow: false, ...where });
  return {
    ...state.size,
    separators: digits(0.5, 1) === "0,5" ? ",." : ".,",
    template: {},
    showlegend: false,
    dragmode: false,
    hovermode: "closest",
    margin: MARGIN,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: ink.font, size: 13, color: ink.text },
    hoverlabel: { bgcolor: ink.ground, bordercolor: ink.border, font: { family: ink.font, size: 13, color: ink.text } },
    xaxis: { ...axis, range: [0, 100], showgrid: false, ticks: "outside", showline: true },
    yaxis: { ...axis, range: [0, 102] },
    annotations: state.view !== "curve" ? [] : [
      title(t("precision"), { x: 0, y: 1, xanchor: "left", yanchor: "bottom" }),
      title(t("recall"), { x: 1, y: 0, xanchor: "right", yanchor: "bottom" }),
    ],
  };
}

/** Where percents of the two axes are on the plot, in pixels. */
function place({ size }, x, y) {
  const [width, height] = [size.width - MARGIN.l - MARGIN.r, size.height - MARGIN.t - MARGIN.b];
  return [MARGIN.l + (width * x) / 100, MARGIN.t + height * (1 - y / 102)];
}

/** The line at the slider's position and a dot on each of the two strong lines; or one on the curve, with whiskers. */
export function drawPoint(state) {
  const threshold = strongPosition(state);
  const isMean = state.chosen === null && isMixed(state);
  const [precision, recall] = ["precision", "recall"].map((measure) =>
    isMean ? meansNow(state)[measure] : at(state, threshold, state.chosen, measure));
  const set = (node, attributes, seen = true) => {
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.setAttribute("visibility", seen ? "visible" : "hidden");
  };
  const line = ([x1, y1], [x2, y2]) => ({ x1, y1, x2, y2 });
  const dot = ([cx, cy]) => ({ cx, cy });
  const onCurve = state.view === "curve";
  const seen = onCurve && precision.value !== null && recall.value !== null;
  const [x, y] = [percents(recall.value) ?? 0, percents(precision.value) ?? 0];
  const [left, right] = recall.interval ?? [0, 0];
  const [low, high] = precision.interval ?? [0, 0];
  set(state.whiskers[0], line(place(state, left / 100, y), place(state, right / 100, y)), seen && recall.interval);
  set(state.whiskers[1], line(place(state, x, low / 100), place(state, x, high / 100)), seen && precision.interval);
  set(state.needle, line(place(state, threshold, 0), place(state, threshold, 102)), !onCurve);
  // With several thresholds their mean is on no line against one threshold.
  const dotSeen = onCurve ? seen : precision.value !== null && !isMean;
  set(state.dots[0], dot(onCurve ? place(state, x, y) : place(state, threshold, y)), dotSeen);
  set(state.dots[1], dot(place(state, threshold, x)), !onCurve && recall.value !== null && !isMean);
}

/** The slider's position that is nearest to a place on the plot. */
export function positionAt(state, left, top) {
  if (state.view !== "curve") return Math.round((100 * (left - MARGIN.l)) / (state.size.width - MARGIN.l - MARGIN.r));
  let [nearest, least] = [strongPosition(state), Infinity];
  state.swept.forEach((_, percent) => {
    const [precision, recall] = ["precision", "recall"]
      .map((measure) => at(state, percent, state.chosen, measure).value);
    if (precision === null || recall === null) return;
    const [x, y] = place(state, 100 * recall, 100 * precision);
    const distance = (x - left) ** 2 + (y - top) ** 2;
    if (distance < least) [nearest, least] = [percent, distance];
  });
  return nearest;
}
