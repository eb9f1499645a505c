// The threshold explorer's numbers: rates computed from counts, with the 95 % intervals that Python sent. Rates are
// 0..1 and null where undefined, as in cvcore/metrics; an interval is [low, high] in hundredths of a percent, or null.

import { digits, inPercent, perCent, t, tn } from "../dom.js";

// title, meaning, what a tag lacks if it is undefined
export const MEASURES = {
  precision: [t("Precision"), t("Of the images the model gave a tag, how many really have it."), t("no answers")],
  recall: [t("Recall"), t("Of the images that have a tag, how many the model found."), t("no images")],
  f1: [
    t("F1"), t("Precision and recall in one number; it is high only when both are."), t("no images or answers"),
  ],
  average_precision: [
    t("Average precision"),
    t("How well the model puts images with a tag before images without it, at every threshold."),
    t("no images"),
  ],
};

const ratio = (part, whole) => (whole > 0 ? part / whole : null);
const mean = (rates) => ratio(rates.reduce((sum, rate) => sum + rate, 0), rates.length);
const unbroken = (text) => text.replace(" ", "\u00A0");
export const show = (rate) => (rate === null ? "–" : unbroken(inPercent(rate)));
export const whole = (percent) => unbroken(perCent(percent));
/** A number with as few decimals as it needs, that many at most. */
export const shortened = (number, decimals) =>
  digits(number, `${+number.toFixed(decimals)}`.split(".")[1]?.length ?? 0);
/** A rate as short as it can be told: `90 %`, `90.5 %`. */
export const rounded = (rate) => whole(shortened(100 * rate, 1));
export const short = (name) => (name.length > 24 ? `${name.slice(0, 23)}…` : name);

/** Both ends of an interval, in whole percents. */
export const ends = (interval) => interval.map((end) => Math.round(end / 100));
export const range = (interval) => (interval === null ? "" : ends(interval).join("–"));
export const likely = (interval) => (interval === null ? "" : t("likely {range}", { range: whole(range(interval)) }));

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
  const who = missing.length === 1 ? short(missing[0].name) : tn(missing.length, "{n} tag", "{n} tags");
  const without = missing.length ? t("without {tags}: {reason}", { tags: who, reason: MEASURES[measure][2] }) : "";
  const value = mean(rows.map((row) => row[measure]).filter((rate) => rate !== null));
  return { value, interval, without };
}
