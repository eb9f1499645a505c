// A list of tags with bars. Buttons tell Python what was clicked.

import { afterDialog, element, isolated, isOutdated, stateOf, t, tn } from "../dom.js";

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".tags");
  const state = stateOf(root, () => {});
  state.tell = (what, id) => setTriggerValue("clicked", { what, id });
  if (!isOutdated(state, data)) return;
  const most = Math.max(1, ...data.rows.map((row) => row.images));
  root.replaceChildren(...data.rows.map((row) => line(state, row, most)));
}

function line(state, { id, name, kind, images, advice }, most) {
  const bar = element("span", { className: "bar" }, element("span", { className: "fill" }));
  bar.firstChild.style.width = `${(100 * images) / most}%`;
  const label = tn(images, "{n} image", "{n} images");
  const number = button(state, { className: "images", textContent: label }, "images", id);
  number.setAttribute("aria-label", tn(images, "{n} image of {tag}", "{n} images of {tag}", { tag: name }));
  number.disabled = images === 0;
  const edit = button(state, { className: "edit", textContent: t("Edit") }, "edit", id);
  edit.setAttribute("aria-label", t("Edit {tag}", { tag: name }));
  const names = element("span", { className: "name", title: name }, isolated(name));
  if (kind) names.append(" ", element("span", { className: "kind", textContent: kind }));
  return element("li", {}, names, bar, number, element("span", { className: "advice", textContent: advice }), edit);
}

function button(state, properties, what, id) {
  const made = element("button", { type: "button", ...properties });
  made.dataset.id = `${what} ${id}`;
  made.onclick = () => {
    // The rows are drawn anew if the tag changed, so the button is found again.
    if (what === "edit") afterDialog(() => find(state, made.dataset.id)?.focus());
    state.tell(what, id);
  };
  return made;
}

const find = (state, place) => [...state.root.querySelectorAll("button")].find((each) => each.dataset.id === place);
