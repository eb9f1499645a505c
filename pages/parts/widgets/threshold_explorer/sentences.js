// The threshold explorer's sentences about one tag, written in the browser because they change with every move of the
// slider: for 101 thresholds and all tags they would be megabytes to send.

import { counted, digits } from "../dom.js";
import { range, rounded, short, whole } from "./numbers.js";

const some = (part, all) => (part === 0 ? "none" : part === all ? `all ${digits(all)}` : digits(part));

/** One measure of a tag, in a sentence with the tag's own counts, and between what the true value likely lies. */
export function tell(measure, row) {
  const images = { precision: row.tp + row.fp, f1: row.images + row.fp }[measure] ?? row.images;
  const sentence = TELL[measure](row, short(row.name), images);
  return images === 0 ? `${sentence}.` : `${sentence} (likely ${whole(range(row.intervals[measure]))}).`;
}

const TELL = {
  precision({ tp, precision }, name, called) {
    if (called === 0) return `The model called no image ${name}, so there is no precision`;
    const rate = `precision ${rounded(precision)}`;
    if (called === 1) return `The model called 1 image ${name}, and was ${tp ? "right" : "wrong"}: ${rate}`;
    const right = `${some(tp, called)} really ${tp > 1 ? "are" : "is"}`;
    return `Of ${counted(called, "image")} that the model called ${name}, ${right}: ${rate}`;
  },
  recall({ tp, recall }, name, images) {
    if (images === 0) return `No image here is tagged ${name}, so there was nothing to find`;
    const rate = `recall ${rounded(recall)}`;
    if (images === 1) return `The only image tagged ${name} was ${tp ? "" : "not "}found: ${rate}`;
    const found = `${some(tp, images)} ${tp > 1 ? "were" : "was"} found`;
    return `Of ${counted(images, "image")} tagged ${name}, ${found}: ${rate}`;
  },
  f1({ tp, fp, fn, f1 }, name, images) {
    if (images === 0) return `No image here is tagged ${name} and none was called so: there is no F1`;
    return `${digits(tp)} right, ${digits(fp)} wrong and ${digits(fn)} missed make an F1 of ${rounded(f1)}`;
  },
  average_precision({ average_precision: rate }, name, images) {
    if (images === 0) return `No image here is tagged ${name}, so there is no average precision`;
    const those = images === 1 ? "the one" : `all ${digits(images)}`;
    return `Average precision is ${rounded(rate)}; it would be ${whole(100)} if ${those} tagged ${name} came first`;
  },
};
