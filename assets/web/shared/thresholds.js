// The draggable thresholds: bands behind the curve, a line and a slider for each. Positions are shares of the height,
// so a move is one style change; the curve behind follows when the server has answered.
import { make, rateColour, significant } from "./format.js";

const REACH = 8; // pixels from which a threshold can be taken
const FINE = 0.01; // of a threshold, per arrow key
const COARSE = 0.1;
const APART = 12; // pixels between labels

export function createThresholds(state, area) {
  const bands = make("div", "bands");
  const lines = make("div", "thresholds");
  area.prepend(bands);
  area.append(lines);
  let top = 1; // the distance at the upper edge
  let held = -1;
  let height = 0; // kept, because asking for it between two style changes costs a layout

  const share = (value) => Math.sqrt(Math.max(value, 0) / top);
  const compared = () => state.codebook?.thresholds.slice(0, -1) ?? [];
  const draw = () => {
    if (!state.codebook) return;
    const { rates } = state.codebook;
    const values = compared();
    const edges = [0, ...values.map((value) => Math.min(share(value), 1)), 1];
    const highest = Math.max(...rates, 6);
    match(bands, rates.length, () => bandElement());
    rates.forEach((rate, i) => {
      const band = bands.children[i];
      band.style.bottom = `${100 * edges[i]}%`;
      band.style.height = `${100 * (edges[i + 1] - edges[i])}%`;
      band.style.setProperty("--rate", rateColour(rate, highest));
      band.lastChild.textContent = (edges[i + 1] - edges[i]) * height > APART ? `rate ${rate}` : "";
    });
    match(lines, values.length, () => slider());
    let lowest = -Infinity;
    values.forEach((value, i) => {
      const element = lines.children[i];
      const at = share(value);
      element.style.bottom = `${100 * Math.min(at, 1)}%`;
      element.setAttribute("aria-valuenow", value);
      element.setAttribute("aria-label", `Threshold ${i + 1}: rate ${rates[i]} below, ${rates[i + 1]} above`);
      element.classList.toggle("held", held === i);
      element.firstChild.textContent = significant(value);
      const crowded = at * height - lowest < APART && held !== i;
      element.classList.toggle("crowded", crowded);
      if (!crowded) lowest = at * height;
    });
  };
  const slider = () => {
    const element = make("div", "threshold-line");
    element.tabIndex = 0;
    element.setAttribute("role", "slider");
    element.setAttribute("aria-orientation", "vertical");
    element.append(make("span", "value"), make("i", "grip"));
    return element;
  };

  /** Between its neighbours, three digits, and within the chart. */
  const move = (i, value) => {
    const { thresholds, rates } = state.codebook;
    const below = i ? thresholds[i - 1] * 1.005 : top * 1e-5;
    const above = i < thresholds.length - 2 ? thresholds[i + 1] / 1.005 : top;
    const next = [...thresholds];
    next[i] = Number(Math.min(Math.max(value, below), above).toPrecision(4));
    next[next.length - 1] = Math.max(next.at(-1), Number((next.at(-2) * 1.25).toPrecision(3))); // never compared with
    if (next[i] !== thresholds[i]) state.set({ thresholds: next, rates });
  };

  const heightOf = (event) => {
    const box = lines.getBoundingClientRect();
    return (box.bottom - event.clientY) / box.height;
  };
  const nearest = (event) => {
    const at = heightOf(event) * height;
    const distances = compared().map((value) => Math.abs(share(value) * height - at));
    const best = distances.indexOf(Math.min(...distances));
    return lines.checkVisibility() && distances[best] <= REACH ? best : -1;
  };
  area.addEventListener("pointerdown", (event) => {
    const free = event.button === 0 && !event.target.closest(".modebar"); // Plotly's own buttons
    const taken = free ? nearest(event) : -1;
    if (taken < 0) return;
    held = taken;
    state.begin();
    area.setPointerCapture(event.pointerId);
    area.classList.add("dragging");
    lines.children[taken].focus({ preventScroll: true });
    draw();
    event.preventDefault();
  });
  area.addEventListener("pointermove", (event) => {
    if (held < 0) area.classList.toggle("reachable", nearest(event) >= 0);
    else move(held, Number((Math.max(heightOf(event), 0) ** 2 * top).toPrecision(3)));
  });
  const release = () => {
    if (held < 0) return;
    held = -1;
    area.classList.remove("dragging");
    draw();
  };
  area.addEventListener("pointerup", release);
  area.addEventListener("pointercancel", release);
  lines.addEventListener("keydown", (event) => {
    const i = [...lines.children].indexOf(event.target);
    const sign = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
    if (i < 0 || !sign) return;
    if (!event.repeat) state.begin();
    const value = state.codebook.thresholds[i];
    move(i, value * (1 + sign * (event.shiftKey ? COARSE : FINE)));
    event.preventDefault();
  });

  new ResizeObserver(() => {
    height = lines.clientHeight;
    draw();
  }).observe(lines);
  state.on(["codebook"], draw);
  state.on(["codebook", "lit"], () => [...bands.children].forEach((band, i) => band.classList.toggle("lit", i === state.lit)));
  const setTop = (value) => {
    top = value;
    draw();
  };
  return { setTop, dragging: () => held >= 0 };
}

function bandElement() {
  const band = make("div", "band");
  band.append(make("i", "stripe"), make("span", "rate"));
  return band;
}

function match(parent, count, create) {
  while (parent.childElementCount > count) parent.lastChild.remove();
  while (parent.childElementCount < count) parent.append(create());
}
