// The threshold explorer's numbers: rates computed from counts, with the 95 % intervals that Python sent. Rates are
// 0..1 and null where undefined, as in cvcore/metrics; an interval is [low, high] in hundredths of a percent, or null.

import { counted } from "../dom.js";

// title, meaning, what a tag lacks if it is undefined
export const MEASURES = {
  precision: ["Precision", "Of the images the model gave a tag, how many really have it.", "no answers"],
  recall: ["Recall", "Of the images that have a tag, how many the model found.", "no images"],
  f1: ["F1", "Precision and recall in one number; it is high only when both are.", "no images or answers"],
  average_precision: [
    "Average precision", "How well the model puts images with a tag before images without it, at every threshold.",
    "no images",
  ],
};

const ratio = (part, whole) => (whole > 0 ? part / whole : null);
const mean = (rates) => ratio(rates.reduce((sum, rate) => sum + rate, 0), rates.length);
export const show = (rate) => (rate === null ? "–" : `${(100 * rate).toFixed(1)}\u00A0%`);
export const whole = (percent) => `${percent}\u00A0%`;
/** A rate as short as it can be told: `90 %`, `90.5 %`. */
export const rounded = (rate) => whole(+(100 * rate).toFixed(1));
export const short = (name) => (name.length > 24 ? `${name.slice(0, 23)}…` : name);

/** Both ends of an interval, in whole percents. */
export const ends = (interval) => interval.map((end) => Math.round(end / 100));
export const range = (interval) => (interval === null ? "" : ends(interval).join("–"));
export const likely = (interval) => (interval === null ? "" : `likely ${whole(range(interval))}`);

/** Every number of every tag and of their mean, at each of the 101 positions: { rows, means } each. */
export function sweep({ tags, tables }) {
  const at = ({ low, high }, position, tag) =>
    low[position][tag] === null ? null : [low[position][tag], high[position][tag]];
  return tables.counts.map((counts, position) => {
    const rows = counts.map(([tp, fp, fn], tag) => ({
      name: tags[tag].name, images: tp + fn, tp, fp, fn, threshold: position,
      precision: ratio(tp, tp + fp),
      recall: ratio(tp, tp + fn),
      f1: ratio(2 * tp, 2 * tp + fp + fn),
      average_precision: tables.average_precision[tag],
      intervals: Object.fromEntries(Object.entries(tables.intervals).map(([measure, table]) =>
        [measure, at(table, measure === "average_precision" ? 0 : position, tag)])),
    }));
    const means = Object.fromEntries(Object.entries(tables.mean_intervals).map(([measure, table]) =>
      [measure, overall(measure, rows, at(table, measure === "average_precision" ? 0 : position, 0))]));
    return { rows, means };
  });
}

/** The means over tags that stand at different positions. Average precision alone keeps its interval. */
export function meansOf(rows, { average_precision }) {
  const means = ["precision", "recall", "f1"].map((measure) => [measure, overall(measure, rows, null)]);
  return { ...Object.fromEntries(means), average_precision };
}

/** The mean of a measure over the tags where it is defined, and which tags are left out. */
function overall(measure, rows, interval) {
  const missing = rows.filter((row) => row[measure] === null);
  const who = missing.length === 1 ? short(missing[0].name) : counted(missing.length, "tag");
  const without = missing.length ? `without ${who}: ${MEASURES[measure][2]}` : "";
  const value = mean(rows.map((row) => row[measure]).filter((rate) => rate !== null));
  return { value, interval, without };
}
