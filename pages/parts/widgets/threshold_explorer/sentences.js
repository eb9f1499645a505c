// The threshold explorer's sentences about one tag, written in the browser because they change with every move of the
// slider: for 101 thresholds and all tags they would be megabytes to send.

import { digits, t, tn } from "../dom.js";
import { range, rounded, short, whole } from "./numbers.js";

/** One measure of a tag, in a sentence with the tag's own counts, and between what the true value likely lies. */
export function tell(measure, row) {
  const images = { precision: row.tp + row.fp, f1: row.images + row.fp }[measure] ?? row.images;
  return TELL[measure](row, images, {
    tag: short(row.name),
    all: digits(images),
    ...(images === 0 ? {} : { rate: rounded(row[measure]), range: whole(range(row.intervals[measure])) }),
  });
}

const TELL = {
  precision({ tp }, called, parts) {
    if (called === 0) return t("The model called no image {tag}, so there is no precision.", parts);
    if (called === 1) {
      return tp ? t("The model called 1 image {tag}, and was right: precision {rate} (likely {range}).", parts)
        : t("The model called 1 image {tag}, and was wrong: precision {rate} (likely {range}).", parts);
    }
    if (tp === 0) {
      return t("Of {all} images that the model called {tag}, none really is: precision {rate} (likely {range}).",
        parts);
    }
    if (tp === called) {
      return t("Of {all} images that the model called {tag}, all {all} really are: precision {rate} (likely {range}).",
        parts);
    }
    return tn(tp,
      "Of {all} images that the model called {tag}, {n} really is: precision {rate} (likely {range}).",
      "Of {all} images that the model called {tag}, {n} really are: precision {rate} (likely {range}).", parts);
  },
  recall({ tp }, images, parts) {
    if (images === 0) return t("No image here is tagged {tag}, so there was nothing to find.", parts);
    if (images === 1) {
      return tp ? t("The only image tagged {tag} was found: recall {rate} (likely {range}).", parts)
        : t("The only image tagged {tag} was not found: recall {rate} (likely {range}).", parts);
    }
    if (tp === 0) return t("Of {all} images tagged {tag}, none was found: recall {rate} (likely {range}).", parts);
    if (tp === images) {
      return t("Of {all} images tagged {tag}, all {all} were found: recall {rate} (likely {range}).", parts);
    }
    return tn(tp, "Of {all} images tagged {tag}, {n} was found: recall {rate} (likely {range}).",
      "Of {all} images tagged {tag}, {n} were found: recall {rate} (likely {range}).", parts);
  },
  f1({ tp, fp, fn }, images, parts) {
    if (images === 0) return t("No image here is tagged {tag} and none was called so: there is no F1.", parts);
    return t("{right} right, {wrong} wrong and {missed} missed make an F1 of {rate} (likely {range}).",
      { ...parts, right: digits(tp), wrong: digits(fp), missed: digits(fn) });
  },
  average_precision(_row, images, parts) {
    if (images === 0) return t("No image here is tagged {tag}, so there is no average precision.", parts);
    const ideal = { ...parts, full: whole(100) };
    if (images === 1) {
      return t("Average precision is {rate}; it would be {full} if the one tagged {tag} came first (likely {range}).",
        ideal);
    }
    return t("Average precision is {rate}; it would be {full} if all {all} tagged {tag} came first (likely {range}).",
      ideal);
  },
};
