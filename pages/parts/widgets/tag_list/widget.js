// A list of tags with bars. Buttons tell Python what was clicked.

import { afterDialog, counted, element, isolated, isOutdated, stateOf } from "../dom.js";

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
  const number = button(state, { className: "images", textContent: counted(images, "image") }, "images", id);
  number.setAttribute("aria-label", `${number.textContent} of ${name}`);
  number.disabled = images === 0;
  const edit = button(state, { className: "edit", textContent: "Edit" }, "edit", id);
  edit.setAttribute("aria-label", `Edit ${name}`);
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
