// The Plotly figures of a run: traces and layout of each chart. Distances are drawn on a square-root axis: it reaches
// zero and keeps both the narrow bands of a codebook and the large first distance readable.
import { colour, rateColour, significant } from "../shared/format.js";

export const GUTTER = { left: 64, right: 72 };
export const GHOST = "ghost"; // marks the traces of what did not run
const LABEL_ROOM = 0.2; // of the rate axis
const WIDEST_FACTOR = 3; // powers of ten; smaller and larger motion factors are drawn at the edge

export function baseLayout(run, root) {
  const axis = {
    color: colour("ink-2"),
    gridcolor: colour("grid"),
    zeroline: false,
    fixedrange: true,
    ticks: "",
    ticklabelstandoff: 6,
    tickfont: { size: 10.5 },
  };
  return {
    axis,
    layout: {
      uirevision: `steps ${run.timesteps.length}`,
      margin: { l: GUTTER.left, r: GUTTER.right, t: 4, b: 6 },
      paper_bgcolor: "transparent",
      plot_bgcolor: "transparent",
      font: { family: getComputedStyle(root).fontFamily, size: 11, color: colour("ink-2") },
      showlegend: false,
      hovermode: false,
      dragmode: "zoom",
      modebar: { orientation: "v", bgcolor: "transparent", color: colour("ink-3"), activecolor: colour("ink") },
      xaxis: {
        ...axis,
        fixedrange: false,
        range: [0.5, (run.timesteps.length || 30) + 0.5],
        showgrid: false,
        showticklabels: false,
      },
    },
  };
}

export function distanceFigure(run, { axis, layout }, top) {
  const decided = run.accelerated.filter((record) => record.distance != null);
  const line = (name, strokes, marker) => ({
    x: decided.map((record) => record.step),
    y: decided.map((record) => (Number.isNaN(record[name]) ? null : Math.sqrt(Math.min(record[name], top)))),
    mode: "lines+markers",
    line: strokes,
    marker: { ...marker, symbol: decided.map((record) => (record[name] > top ? "triangle-up" : "circle")) },
    cliponaxis: false,
  });
  const accent = colour("adacache");
  const traces = [
    line("distance", { color: colour("raw"), width: 1.25, dash: "dot" }, { size: 4 }),
    line("normalised", { color: accent, width: 1.5, dash: "dash" }, { size: 4 }),
    line("regularised", { color: accent, width: 2 }, { size: 8, color: accent, line: { color: colour("panel"), width: 1.5 } }),
  ];
  if (!run.regularised) traces.splice(1, 1);
  const range = [0, Math.sqrt(top)];
  return [
    [...traces, ...lookedUp(run.ghost, top)],
    {
      ...layout,
      annotations: clipped(decided, top),
      yaxis2: { ...axis, overlaying: "y", range, showgrid: false, showticklabels: false },
      yaxis: { ...axis, range, tickvals: [0], ticktext: ["0"] },
    },
  ];
}

/** What a ghost would look up: hollow, on an axis of its own, so that the curves of what ran keep their places. */
function lookedUp(ghost, top) {
  if (!ghost) return [];
  return [
    {
      x: ghost.computed,
      y: ghost.looked.map((value) => (value == null ? null : Math.sqrt(Math.min(value, top)))),
      yaxis: "y2",
      mode: "markers",
      marker: { symbol: "diamond-open", size: 9, color: colour("ink"), line: { width: 1.25 } },
      cliponaxis: false,
      meta: GHOST,
    },
  ];
}

/** What is too large for the axis has its number beside its arrow, once for neighbours, whose numbers would overlap. */
function clipped(decided, top) {
  const above = decided.filter((record, i) => record.regularised > top && !(decided[i - 1]?.regularised > top));
  return above.map(({ step, regularised }) => ({
    text: significant(regularised),
    x: step,
    xanchor: "left",
    xshift: 8,
    y: Math.sqrt(top),
    yanchor: "top",
    showarrow: false,
    font: { color: colour("adacache-text"), size: 11 },
  }));
}

/** The upper end of an axis from zero; stated, because Plotly keeps a range it once found by itself. */
function highestOf(traces, empty) {
  const highest = Math.max(...traces.flatMap(({ y }) => y).filter(Number.isFinite), 0);
  return 1.1 * (highest || empty);
}

export function secondsFigure(run, { axis, layout }) {
  const line = (side, name) => {
    let sum = 0;
    const x = [0, ...run[side].map((record) => record.step)].map((step) => step + 0.5);
    const y = [0, ...run[side].map((record) => (sum += record.seconds))];
    return { x, y, mode: "lines", line: { color: colour(name), width: 2, shape: "linear" } };
  };
  const traces = [line("baseline", "baseline"), line("accelerated", "adacache")];
  return [
    traces,
    {
      ...layout,
      margin: { ...layout.margin, b: 22 },
      xaxis: { ...layout.xaxis, showticklabels: true, tickfont: { size: 10.5 } },
      yaxis: { ...axis, nticks: 4, range: [0, highestOf(traces, 1)] },
    },
  ];
}

export function rateFigure(run, { axis, layout }) {
  const decided = run.accelerated.filter((record) => record.computed !== "none");
  const next = (i) => (decided[i + 1]?.step ?? run.accelerated.length + 1) - decided[i].step;
  const steps = {
    type: "bar",
    x: decided.map((record) => record.step - 0.5),
    y: decided.map((record) => record.rate),
    width: decided.map((_, i) => next(i)),
    offset: 0,
    marker: { color: decided.map((record) => rateColour(record.rate ?? 1, run.highest)), line: { width: 0 } },
  };
  const stairs = {
    x: decided.flatMap((record, i) => [record.step - 0.5, record.step - 0.5 + next(i)]),
    y: decided.flatMap((record) => [record.rate, record.rate]),
    mode: "lines",
    line: { color: colour("ink"), width: 1.25 },
  };
  const would = stairsOf(run.ghost, run.timesteps.length);
  const rates = [...new Set([...(run.used_codebook?.rates ?? []), ...(run.codebook?.rates ?? [1])])];
  const yaxis = { ...axis, range: [0, run.highest + 0.5], tickvals: thinned(rates, LABEL_ROOM * run.highest) };
  return [[steps, stairs, ...would], { ...layout, bargap: 0, yaxis }];
}

/** The cache rates of a ghost, dashed. */
function stairsOf(ghost, steps) {
  if (!ghost) return [];
  const ends = [...ghost.computed.slice(1), steps + 1];
  return [
    {
      x: ghost.computed.flatMap((step, i) => [step - 0.5, ends[i] - 0.5]),
      y: ghost.rates.flatMap((rate) => [rate, rate]),
      mode: "lines",
      line: { color: colour("ink"), width: 2, dash: "dot" },
      meta: GHOST,
    },
  ];
}

/** Rates from the highest down, as far as their labels do not touch. */
function thinned(rates, room) {
  const kept = [];
  for (const rate of rates.sort((a, b) => b - a)) if (!kept.length || kept.at(-1) - rate >= room) kept.push(rate);
  return kept;
}

export function motionFigure(run, { axis, layout }) {
  const decided = run.accelerated.filter((record) => record.factor != null);
  const x = decided.map((record) => record.step);
  const factors = decided.map(({ factor }) => Math.log10(factor));
  const reach = Math.min(Math.max(0.45, ...factors.filter(Number.isFinite).map(Math.abs)), WIDEST_FACTOR) * 1.15;
  const inside = (value) => Math.min(Math.max(value, -reach), reach);
  const motion = {
    x,
    y: decided.map((record) => record.motion),
    mode: "lines+markers",
    line: { color: colour("motion"), width: 2 },
    marker: { size: 6, line: { color: colour("panel"), width: 1 } },
  };
  const soft = { yaxis: "y2", line: { color: colour("motion-soft"), width: 1.5 } };
  const factor = { ...soft, x, y: factors.map(inside), mode: "lines", line: { ...soft.line, dash: "dash" } };
  const gradient = {
    ...soft,
    x: x.flatMap((step) => [step, step, null]),
    y: decided.flatMap((record, i) => [inside(Math.log10(record.score)), inside(factors[i]), null]),
    mode: "lines+markers",
    line: { ...soft.line, width: 3 },
    marker: { size: x.flatMap(() => [0, 7, 0]), symbol: decided.flatMap((record) => Array(3).fill(arrow(record))) },
  };
  const ticks = reach < 1 ? [0.5, 1, 2] : reach < 2 ? [0.1, 1, 10] : [0.01, 1, 100];
  const one = { type: "line", xref: "paper", x0: 0, x1: 1, yref: "y2", y0: 0, y1: 0 };
  return [
    [motion, factor, gradient],
    {
      ...layout,
      yaxis: { ...axis, nticks: 4, range: [0, highestOf([motion], 0.4)] },
      yaxis2: {
        ...axis,
        overlaying: "y",
        side: "right",
        range: [-reach, reach],
        showgrid: false,
        tickvals: ticks.map(Math.log10),
        ticktext: ticks.map((tick) => `×${tick}`),
      },
      shapes: [{ ...one, line: { color: colour("threshold"), width: 1, dash: "dot" } }],
    },
  ];
}

function arrow({ gradient }) {
  if (!gradient) return "circle";
  return gradient > 0 ? "triangle-up" : "triangle-down";
}
