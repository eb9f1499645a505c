// One press of Back goes back once. Streamlit adds up to three entries to the browser's history for one click on a
// link, and none for a change of view. Here a click or key adds one entry at most, and only if another page, project,
// iteration or view is shown; all other changes of the address replace it.
(() => {
  if (window.tagwiseHistory) return;
  window.tagwiseHistory = true;
  const push = history.pushState.bind(history);
  const replace = history.replaceState.bind(history);
  let isStepTaken = true;
  const begin = (event) => {
    if (event.isTrusted) isStepTaken = false;
  };
  for (const kind of ["pointerdown", "keydown", "click"]) addEventListener(kind, begin, true);
  addEventListener("popstate", () => {
    isStepTaken = true;
  });
  const place = (address, names) => {
    const { pathname, searchParams } = new URL(address ?? "", location.href);
    return [pathname, ...names.map((name) => searchParams.get(name))].join("\n");
  };
  // Streamlit can write its own address of a page after the page has put its project there: the project stays.
  const kept = (address) => {
    const { path, id } = window.tagwiseProject ?? {};
    const whole = new URL(address ?? "", location.href);
    if (!id || whole.pathname !== path || whole.searchParams.has("project")) return address;
    whole.searchParams.set("project", id);
    return whole;
  };
  const go = (names) => (state, title, wanted) => {
    const address = kept(wanted);
    const isStep = !isStepTaken && place(location.href, names) !== place(address, names);
    isStepTaken ||= isStep;
    return (isStep ? push : replace)(state, title, address);
  };
  const views = ["view", "images-view", "publish-view"];
  history.pushState = go(["project", "iteration", ...views]);
  // Streamlit replaces the address when a widget that is bound to it changes: of those, only a view is a step.
  history.replaceState = go(views);
})();
