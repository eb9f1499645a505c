// The chart on the page: drawn by plotly, pressed and dragged by the user.

import { element } from "../dom.js";
import { drawPoint, drawn, layout, positionAt } from "./charts.js";

/** Draw what depends on colours, sizes and the chosen tag; nothing if all of these are as they were. */
export function paint(state) {
  const style = getComputedStyle(state.root);
  const theme = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const colours = theme("chart-categorical-colors").split(/,(?![^(]*\))/);
  const ink = { text: theme("text-color"), ground: theme("background-color"), border: theme("border-color") };
  ink.font = theme("font");
  // kept, because reading it at every move would make the browser lay out the page again
  state.size = { width: state.plot.clientWidth, height: state.plot.clientHeight };
  const seen = JSON.stringify([colours, ink, state.size, state.chosen, state.view, state.plotly !== null]);
  if (seen === state.look || state.size.width === 0) return;
  state.look = seen;

  const colour = (tag) => (tag === null ? ink.text : colours[tag % colours.length]);
  state.choice.value = state.chosen ?? "";
  state.root.dataset.view = state.view;
  for (const button of state.views) button.setAttribute("aria-pressed", button.value === state.view);
  state.rows.forEach(({ line, button }, index) => {
    line.style.setProperty("--colour", colour(index));
    line.classList.toggle("chosen", index === state.chosen);
    button.setAttribute("aria-pressed", index === state.chosen);
  });
  const [solid, hollow] = state.dots;
  solid.style.cssText = `fill: ${colour(state.chosen)}; stroke: ${ink.ground}`;
  hollow.style.cssText = `fill: ${ink.ground}; stroke: ${colour(state.chosen)}`;
  for (const whisker of state.whiskers) whisker.style.stroke = ink.text;
  drawPoint(state);
  state.plotly?.react(state.canvas, drawn(state, colour), layout(state, ink), { displayModeBar: false });
}

/** plotly.js, asked for once per page however many widgets want it; after a failure the next widget asks again. */
export function load(address) {
  window.tagwisePlotly ??= new Promise((resolve, reject) => {
    const script = element("script", { src: address });
    script.onload = () => (window.Plotly ? resolve(window.Plotly) : script.onerror());
    script.onerror = () => {
      delete window.tagwisePlotly;
      reject(new Error(`could not load ${address}`));
    };
    document.head.append(script);
  });
  return window.tagwisePlotly;
}

/** Pressing or dragging anywhere on the plot calls `turn` with the position there. */
export function scrub(state, turn) {
  const { plot, slider } = state;
  const follow = (event) => {
    const box = plot.getBoundingClientRect();
    const percent = positionAt(state, event.clientX - box.left, event.clientY - box.top);
    turn(Math.min(100, Math.max(0, percent)));
  };
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    plot.setPointerCapture(event.pointerId);
    follow(event);
  });
  plot.addEventListener("pointermove", (event) => { if (plot.hasPointerCapture(event.pointerId)) follow(event); });
  // plotly would cover the page to watch a drag of its own
  const press = (event) => {
    event.stopPropagation();
    event.preventDefault();
    slider.focus({ preventScroll: true });
  };
  plot.addEventListener("mousedown", press, true);
}
