// The threshold explorer's sentences, written in the browser because they change with every move of the slider: for 101
// thresholds and all tags they would be megabytes to send.

import { counted, digits } from "../dom.js";
import { MEASURES, ends, short } from "./numbers.js";

const percent = (rate) => `${+(100 * rate).toFixed(1)} %`;
const some = (part, whole) => (part === 0 ? "none" : part === whole ? `all ${digits(whole)}` : digits(part));
const from = (interval, what) => `${what} may lie anywhere from ${ends(interval).join(" to ")} %.`;

/** One measure of a tag, in a sentence with the tag's own counts. */
export function tell(measure, row) {
  const images = { precision: row.tp + row.fp, recall: row.images, f1: row.images + row.fp }[measure] ?? row.images;
  const sentence = TELL[measure](row, short(row.name), images);
  if (images === 0) return sentence;
  return `${sentence} ${from(row.intervals[measure], `With ${counted(images, "image")} the true value`)}`;
}

const TELL = {
  precision({ tp, precision }, name, called) {
    if (called === 0) return `At this threshold the model called no image ${name}, so there is no precision.`;
    const rate = `precision ${percent(precision)}.`;
    if (called === 1) return `The model called 1 image ${name}, and was ${tp ? "right" : "wrong"}: ${rate}`;
    const right = `${some(tp, called)} really ${tp > 1 ? "are" : "is"}`;
    return `Of ${counted(called, "image")} that the model called ${name}, ${right}: ${rate}`;
  },
  recall({ tp, recall }, name, images) {
    if (images === 0) return `No image here is tagged ${name}, so there was nothing to find.`;
    const rate = `recall ${percent(recall)}.`;
    if (images === 1) return `The only image tagged ${name} was ${tp ? "" : "not "}found: ${rate}`;
    const found = `${some(tp, images)} ${tp > 1 ? "were" : "was"} found`;
    return `Of ${counted(images, "image")} tagged ${name}, ${found}: ${rate}`;
  },
  f1({ tp, fp, fn, f1 }, name, images) {
    if (images === 0) return `No image here is tagged ${name} and none was called so: there is no F1.`;
    return `${digits(tp)} right, ${digits(fp)} wrong and ${digits(fn)} missed make an F1 of ${percent(f1)}.`;
  },
  average_precision({ average_precision: rate }, name, images) {
    if (images === 0) return `No image here is tagged ${name}, so there is no average precision.`;
    const those = images === 1 ? "the one" : `all ${digits(images)}`;
    return `With the images sorted by how sure the model is of ${name}, average precision is ${percent(rate)}; `
      + `it would be 100 % if ${those} tagged so came first.`;
  },
};

/** One measure's mean, in a sentence with the tags' own numbers. */
export function tellMean(measure, { value, interval, defined }) {
  const [title, , , lack] = MEASURES[measure];
  const name = title === "F1" ? title : title.toLowerCase();
  if (value === null) return `No tag has ${/^[Fa]/.test(name) ? "an" : "a"} ${name} here: ${lack}.`;
  const sorted = [...defined].sort((a, b) => a[measure] - b[measure]);
  const [lowest, highest] = [sorted[0], sorted.at(-1)];
  const sentence = sorted.length === 1
    ? `Only one tag counts, ${short(lowest.name)}: ${name} ${percent(value)}.`
    : lowest[measure] === highest[measure]
      ? `Each of ${sorted.length} tags has the same ${name}, ${percent(value)}.`
      : `The ${name} of ${sorted.length} tags goes from ${percent(lowest[measure])} (${short(lowest.name)}) to `
        + `${percent(highest[measure])} (${short(highest.name)}); on average it is ${percent(value)}.`;
  return `${sentence} ${from(interval, "The true mean")}`;
}
