// The threshold explorer's numbers: rates computed from counts, with the 95 % intervals that Python sent. Rates are
// 0..1 and null where undefined, as in cvcore/metrics; an interval is [low, high] in hundredths of a percent, or null.

import { counted, inPercent } from "../dom.js";

// title, meaning, meaning in a few words, what a tag lacks if it is undefined
export const MEASURES = {
  precision: [
    "Precision", "Of the images the model gave a tag, how many really have it.",
    "how often it is right", "no predictions",
  ],
  recall: [
    "Recall", "Of the images that have a tag, how many the model found.",
    "how much it finds", "no images",
  ],
  f1: [
    "F1", "Precision and recall in one number; it is high only when both are.",
    "both in one number", "no images or predictions",
  ],
  average_precision: [
    "Average precision", "How well the model puts images with a tag before images without it.",
    "over all thresholds", "no images",
  ],
};

const ratio = (part, whole) => (whole > 0 ? part / whole : null);
const mean = (rates) => ratio(rates.reduce((sum, rate) => sum + rate, 0), rates.length);
export const show = (rate) => (rate === null ? "–" : inPercent(rate));
export const short = (name) => (name.length > 24 ? `${name.slice(0, 23)}…` : name);

/** Both ends of an interval in whole percents, or with a decimal where they would be nearly the same. */
export function ends([low, high]) {
  return [low, high].map((end) => (end / 100).toFixed(high - low < 500 ? 1 : 0));
}
export const range = (interval) => (interval === null ? "" : ends(interval).join("–"));
export const likely = (interval) => (interval === null ? "" : `likely ${ends(interval).join(" to ")} %`);

/** Every number of every tag and of their mean, at each of the 101 positions: { rows, means } each. */
export function sweep({ tags, tables }) {
  const at = ({ low, high }, position, tag) =>
    low[position][tag] === null ? null : [low[position][tag], high[position][tag]];
  return tables.counts.map((counts, position) => {
    const rows = counts.map(([tp, fp, fn], tag) => ({
      name: tags[tag].name, images: tp + fn, tp, fp, fn,
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

/** The mean of a measure over the tags where it is defined, and which tags these are and are not. */
function overall(measure, rows, interval) {
  const defined = rows.filter((row) => row[measure] !== null);
  const missing = rows.filter((row) => row[measure] === null);
  const all = counted(rows.length, "tag");
  const of = missing.length ? `${defined.length} of ${all}` : all;
  const who = missing.length === 1 ? short(missing[0].name) : counted(missing.length, "tag");
  const without = missing.length ? `${who}: ${MEASURES[measure][3]}` : "";
  return { value: mean(defined.map((row) => row[measure])), interval, of: `mean of ${of}`, without, defined };
}
