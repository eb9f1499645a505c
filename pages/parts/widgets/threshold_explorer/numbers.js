// What the threshold explorer says: rates, the 95 % intervals that Python worked out, and sentences. Nothing here
// touches the page. Rates are 0..1 and null where undefined, as in cvcore/metrics; an interval is [low, high] in
// hundredths of a percent, or null.

// title, what it means, the same in a few words, what a tag lacks where it is undefined
const MEASURES = {
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
const show = (rate) => (rate === null ? "–" : `${(100 * rate).toFixed(1)} %`);
const digits = (number) => number.toLocaleString("en");
const short = (name) => (name.length > 24 ? `${name.slice(0, 23)}…` : name);
const many = (number, noun) => (number === 1 ? `1 ${noun}` : `${digits(number)} ${noun}s`);

/** Both ends of an interval in whole percents, or with a decimal where they would be nearly the same. */
function ends([low, high]) {
  return [low, high].map((end) => (end / 100).toFixed(high - low < 500 ? 1 : 0));
}
const range = (interval) => (interval === null ? "" : ends(interval).join("–"));
const likely = (interval) => (interval === null ? "" : `likely ${ends(interval).join(" to ")} %`);

/** Every number of every tag and of their mean, at each of the 101 positions: { rows, means } each. */
function sweep({ tags, tables }) {
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

/** The mean of a measure over the tags that have it, over how many that is, and which others have not. */
function overall(measure, rows, interval) {
  const defined = rows.filter((row) => row[measure] !== null);
  const missing = rows.filter((row) => row[measure] === null);
  const all = many(rows.length, "tag");
  const of = missing.length ? `${defined.length} of ${all}` : all;
  const who = missing.length === 1 ? short(missing[0].name) : many(missing.length, "tag");
  const without = missing.length ? `${who}: ${MEASURES[measure][3]}` : "";
  return { value: mean(defined.map((row) => row[measure])), interval, of: `mean of ${of}`, without, defined };
}

// ---- sentences -------------------------------------------------------------------------------------------------

const percent = (rate) => `${+(100 * rate).toFixed(1)} %`;
const some = (part, whole) => (part === 0 ? "none" : part === whole ? `all ${digits(whole)}` : digits(part));
const from = (interval, what) => `${what} may lie anywhere from ${ends(interval).join(" to ")} %.`;

/** One measure of a tag, told with the tag's own counts. */
function tell(measure, row) {
  const images = { precision: row.tp + row.fp, recall: row.images, f1: row.images + row.fp }[measure] ?? row.images;
  const told = TELL[measure](row, short(row.name), images);
  return images === 0 ? told : `${told} ${from(row.intervals[measure], `With ${many(images, "image")} the true value`)}`;
}

const TELL = {
  precision({ tp, precision }, name, called) {
    if (called === 0) return `At this threshold the model called no image ${name}, so there is no precision.`;
    const rate = `precision ${percent(precision)}.`;
    if (called === 1) return `The model called 1 image ${name}, and was ${tp ? "right" : "wrong"}: ${rate}`;
    const right = `${some(tp, called)} really ${tp > 1 ? "are" : "is"}`;
    return `Of ${many(called, "image")} that the model called ${name}, ${right}: ${rate}`;
  },
  recall({ tp, recall }, name, images) {
    if (images === 0) return `No image here is tagged ${name}, so there was nothing to find.`;
    const rate = `recall ${percent(recall)}.`;
    if (images === 1) return `The only image tagged ${name} was ${tp ? "" : "not "}found: ${rate}`;
    return `Of ${many(images, "image")} tagged ${name}, ${some(tp, images)} ${tp > 1 ? "were" : "was"} found: ${rate}`;
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

/** One measure's mean, told with the tags' own numbers. */
function tellMean(measure, { value, interval, defined }) {
  const [title, , , lack] = MEASURES[measure];
  const name = title === "F1" ? title : title.toLowerCase();
  if (value === null) return `No tag has ${/^[Fa]/.test(name) ? "an" : "a"} ${name} here: ${lack}.`;
  const sorted = [...defined].sort((a, b) => a[measure] - b[measure]);
  const [lowest, highest] = [sorted[0], sorted.at(-1)];
  const told = sorted.length === 1
    ? `Only one tag counts, ${short(lowest.name)}: ${name} ${percent(value)}.`
    : lowest[measure] === highest[measure]
      ? `Each of ${sorted.length} tags has the same ${name}, ${percent(value)}.`
      : `The ${name} of ${sorted.length} tags goes from ${percent(lowest[measure])} (${short(lowest.name)}) to `
        + `${percent(highest[measure])} (${short(highest.name)}); on average it is ${percent(value)}.`;
  return `${told} ${from(interval, "The true mean")}`;
}
