// The tags' thresholds: each tag follows the slider until it is given one of its own. All are whole percents,
// state.own[tag] is null where the tag follows. Counts are exact for any mixture, because a tag is an answer by its
// own threshold alone: in a multiclass project, too, the top tag is compared with its own (cvcore/metrics).

import { t } from "../dom.js";
import { meansOf, rounded, show } from "./numbers.js";

export const positionOf = (state, tag) => state.own[tag] ?? +state.slider.value;
export const rowOf = (state, tag) => state.swept[positionOf(state, tag)].rows[tag];

/** Whether the tags stand at different thresholds. */
export function isMixed(state) {
  return state.own.some((own) => own !== null && own !== +state.slider.value);
}

/** The means over all tags, each at its threshold; without intervals where these differ. */
export function meansNow(state) {
  const { means } = state.swept[+state.slider.value];
  return isMixed(state) ? meansOf(state.own.map((_, tag) => rowOf(state, tag)), means) : means;
}

/** The thresholds as they would be saved: one number of 0..1, or one for each tag. */
export function savable(state) {
  return isMixed(state) ? state.own.map((_, tag) => positionOf(state, tag) / 100) : +state.slider.value / 100;
}

/** Whether these are the iteration's thresholds already. */
export function isSaved(state) {
  const { saved } = state;
  if (saved === null) return false;
  return state.own.every((_, tag) => same(Array.isArray(saved) ? saved[tag] : saved, positionOf(state, tag) / 100));
}

const same = (a, b) => Math.abs(a - b) < 1e-9;

/** What is in use, and how far the numbers can be trusted, in one or two short sentences. */
export function about(state) {
  const parts = [];
  if (isSaved(state)) parts.push(t("Saved."));
  else if (Array.isArray(state.saved)) parts.push(t("In use: a threshold for each tag."));
  else parts.push(t("In use: {threshold}.", { threshold: rounded(state.saved ?? state.data.unsaved) }));
  if (isMixed(state)) parts.push(judged(state));
  return parts.join(" ");
}

function judged(state) {
  const { suggested } = state.data;
  if (!suggested?.thresholds.every((threshold, tag) => threshold === positionOf(state, tag))) {
    return t("Chosen on these same images, the numbers are a little too good.");
  }
  return t("Mean F1: {chosen} on the images they were chosen on, {fair} on others.",
    { chosen: show(suggested.chosen), fair: show(suggested.fair) });
}
