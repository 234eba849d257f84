// The four Plotly charts over one step axis, and the codebook's thresholds to drag over the distances.
import { GUTTER, baseLayout, distanceFigure, motionFigure, rateFigure, secondsFigure } from "./figures.js";
import { chartSource, chartTable } from "./chart-export.js";
import { createExport } from "../shared/export.js";
import { editing } from "./codebook-state.js";
import { explained } from "../shared/heading.js";
import { signalFigure, signalLegend } from "./signal.js";
import { createThresholds } from "../shared/thresholds.js";
import { make, onTheme, rateColour } from "../shared/format.js";

const CONFIG = {
  displaylogo: false,
  responsive: true,
  modeBarButtonsToRemove: ["sendChartToCloud", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d", "pan2d"],
};
// The distance axis ends between these multiples of the highest threshold that is compared with, above the dots of a
// run if that is possible.
const HEADROOM = 1.3;
const FURTHEST = 4;
const HELP = {
  distance:
    "Raw: how much the probed residual changed since the last computed step. Normalised: divided by the cache rate " +
    "chosen there, which is the steps in between except where a step is computed in any case, as the last two are " +
    "(formula paper: always by the steps in between). The filled dots are looked up among the thresholds; the band they fall in is the cache rate. " +
    "Drag a threshold, or focus it and use the arrow keys (shift for large steps): hollow diamonds are what would be " +
    "looked up then, simulated. Arrows at the top stand for larger distances. Square-root axis.",
  signal:
    "What the method measures in each step, and the threshold it decides by: filled where the step was computed, hollow " +
    "where it was reused. What is summed begins anew after a computed step. Arrows at the top stand for larger numbers.",
  rate:
    "The rate chosen in each computed step: the next computed step comes that many steps later. Dashed: what would run, " +
    "simulated.",
  motion:
    "Score: how much the residual changes from frame to frame. Motion regularisation multiplies the distance by " +
    "the factor, score plus gradient: more motion, more computed steps. Arrows: what the gradient adds, its absolute " +
    "value (formula paper: with its sign). Without regularisation the factor is shown as it would be, not applied.",
  seconds: "Compute time of the denoising steps so far, measured on each side; decoding is not in it.",
};

export function createPlots() {
  const root = make("div", "plots");
  const charts = {
    distance: createChart("distance", "Distance", [
      ["raw", "raw"],
      ["normalised", "normalised"],
      ["regularised", "regularised"],
    ]),
    signal: createChart("signal", "Signal and threshold", []),
    rate: createChart("rate", "Cache rate", []),
    motion: createChart("motion", "Motion", [
      ["motion", "motion score"],
      ["factor", "factor on distance"],
      ["gradient", "gradient"],
    ]),
    seconds: createChart("seconds", "Seconds, summed", []),
  };
  for (const [id, { root: section, plot, title, heading }] of Object.entries(charts)) {
    const table = () => (Plotly && latest ? chartTable(id, latest) : null);
    heading.append(createExport(title, { table, picture: () => chartSource(Plotly, { id, plot, title }, latest, top) }));
    root.append(section);
  }
  const plots = Object.values(charts).map((chart) => chart.plot);
  const thresholds = createThresholds(editing, charts.distance.area);
  let Plotly;
  let latest;
  let top = 1; // of the distance axis
  let fitted = "";

  const topFor = (run) => {
    const compared = editing.codebook?.thresholds ?? [1];
    const highest = compared.at(-2) ?? compared[0];
    const dots = Math.max(0, ...(run?.accelerated ?? []).map((record) => record.regularised).filter(Number.isFinite));
    return Math.min(Math.max(HEADROOM * highest, 1.1 * dots), FURTHEST * highest);
  };
  /** Another run or codebook moves the axis, or a dot above it, but not a drag. */
  const fit = (run) => {
    top = topFor(run);
    thresholds.setTop(top);
  };
  let drawn = "";
  const draw = (run) => {
    if (!latest || latest.id !== run.id || !run.codebook || topFor(run) > top) fit(run);
    latest = run;
    root.classList.toggle("regularised", run.regularised);
    root.classList.toggle("banded", Boolean(run.codebook));
    root.classList.toggle("measured", run.branches.curves.length > 0);
    charts.signal.note.replaceChildren(...signalLegend(run));
    drawn = "";
    overlay(run);
    if (!Plotly) return;
    const paper = baseLayout(run, root);
    Plotly.react(charts.signal.plot, ...signalFigure(run, paper), CONFIG);
    Plotly.react(charts.motion.plot, ...motionFigure(run, paper), CONFIG);
    Plotly.react(charts.seconds.plot, ...secondsFigure(run, paper), CONFIG);
    if (root.className !== fitted) {
      fitted = root.className; // other charts are shown now, or in another size
      for (const plot of plots) if (plot.clientWidth) Plotly.Plots.resize(plot);
    }
    if (root.dataset.ready) return;
    root.dataset.ready = "true";
    for (const plot of plots) plot.on("plotly_relayout", (change) => follow(plot, change));
    for (const { plot, area } of [charts.distance, charts.signal]) {
      new ResizeObserver(() => area.offsetParent && Plotly.Plots.resize(plot)).observe(area); // its height is what is left
    }
  };
  /** Another codebook or ghost: only the distances and the rates can look different. */
  const overlay = (run) => {
    latest = run;
    charts.rate.note.replaceChildren(...ratesOf(run).map((rate) => rateKey(rate, run.highest)));
    root.classList.toggle("haunted", Boolean(run.ghost));
    const now = JSON.stringify([run.ghost, run.highest, top]);
    if (!Plotly || now === drawn) return;
    drawn = now;
    const paper = baseLayout(run, root);
    Plotly.react(charts.distance.plot, ...distanceFigure(run, paper, top), CONFIG);
    Plotly.react(charts.rate.plot, ...rateFigure(run, paper), CONFIG);
  };
  editing.on(["loaded"], () => fit(latest));
  editing.on(["codebook"], () => (editing.codebook.thresholds.at(-2) ?? 0) > top && fit(latest));
  loadPlotly().then((loaded) => {
    Plotly = loaded;
    if (latest) draw(latest);
  });
  onTheme(() => latest && draw(latest));

  let following = false;
  const follow = (source, change) => {
    if (following || !Object.keys(change).some((key) => key.startsWith("xaxis"))) return;
    following = true;
    const range = [...source.layout.xaxis.range];
    const others = plots.filter((plot) => plot !== source);
    Promise.all(others.map((plot) => Plotly.relayout(plot, { "xaxis.range": range }))).then(() => (following = false));
  };

  const axis = () => {
    const box = charts.seconds.plot.getBoundingClientRect(); // which every method has
    const [low, high] = charts.seconds.plot.layout?.xaxis?.range ?? [0.5, (latest?.timesteps.length || 30) + 0.5];
    return { start: box.left + GUTTER.left, width: box.width - GUTTER.left - GUTTER.right, low, high };
  };
  const place = (clientX) => {
    const { start, width, low, high } = axis();
    const share = (clientX - start) / width;
    return { step: low + share * (high - low), inside: share >= 0 && share <= 1 };
  };
  const left = (step) => {
    const { start, width, low, high } = axis();
    return start + ((step - low) / (high - low)) * width;
  };
  return { root, draw, overlay, place, left, dragging: thresholds.dragging };
}

function createChart(id, title, legend) {
  const root = make("section", `chart exportable ${id}`);
  const heading = make("header", "chart-heading");
  heading.append(make("h2", "", title), ...explained(title, HELP[id]), ...legend.map(([key, text]) => make("span", `key ${key}`, text)));
  const note = make("span", "note", id === "distance" ? "hollow: would be looked up, simulated" : "");
  const area = make("div", "area");
  const plot = make("div", "plot");
  heading.append(note);
  area.append(plot);
  root.append(heading, area);
  return { root, plot, area, note, title, heading };
}

/** Every rate that the charts have a colour for, rate 1 of the first step too. */
function ratesOf({ accelerated, codebook }) {
  const chosen = accelerated.map(({ rate }) => rate).filter((rate) => rate != null);
  return [...new Set([...chosen, ...(codebook?.rates ?? [])])].sort((one, other) => one - other);
}

function rateKey(rate, highest) {
  const made = make("span", "rate-key", `rate ${rate}`);
  made.style.setProperty("--rate", rateColour(rate, highest));
  return made;
}

/** Plotly is fetched with the page but run only now, so that the controls can be used before. */
function loadPlotly() {
  return new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = /** @type {HTMLLinkElement} */ (document.getElementById("plotly")).href;
    script.addEventListener("load", () => resolve(window.Plotly));
    document.head.append(script);
  });
}
