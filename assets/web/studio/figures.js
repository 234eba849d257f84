// The Plotly figures of a run: traces and layout of each chart. Distances are drawn on a square-root axis: it reaches
// zero and keeps both the narrow bands of a codebook and the large first distance readable.
import { colour, rateColour, significant } from "../shared/format.js";

export const GUTTER = { left: 64, right: 72 };
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
  const changed = decided.map((record) => run.differs(record));
  const traces = [
    line("distance", { color: colour("raw"), width: 1.25, dash: "dot" }, { size: 4 }),
    line("normalised", { color: accent, width: 1.5, dash: "dash" }, { size: 4 }),
    line("regularised", { color: accent, width: 2 }, {
      size: changed.map((rate) => (rate ? 11 : 8)),
      color: changed.map((rate) => (rate ? rateColour(rate, run.highest) : accent)),
      line: { color: changed.map((rate) => colour(rate ? "ink" : "panel")), width: 1.5 },
    }),
  ];
  if (!run.regularised) traces.splice(1, 1);
  const banded = Boolean(run.codebook);
  const limit = { type: "line", xref: "paper", x0: 0, x1: 1, yref: "y", line: { color: colour("ink-2"), width: 1 } };
  const values = banded ? [] : ticksBelow(top);
  return [
    traces,
    {
      ...layout,
      annotations: clipped(decided, top),
      shapes: run.threshold ? [{ ...limit, y0: Math.sqrt(run.threshold), y1: Math.sqrt(run.threshold) }] : [],
      yaxis: {
        ...axis,
        range: [0, Math.sqrt(top)],
        tickvals: [0, ...values.map(Math.sqrt)],
        ticktext: ["0", ...values.map(significant)],
      },
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

/** Three round values under `top`, for distances without a codebook. */
function ticksBelow(top) {
  return [0.1, 0.4, 0.8].map((share) => Number((share * top).toPrecision(1)));
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
  const rates = [...new Set([...(run.used_codebook?.rates ?? []), ...(run.codebook?.rates ?? [1])])];
  const yaxis = { ...axis, range: [0, run.highest + 0.5], tickvals: thinned(rates, LABEL_ROOM * run.highest) };
  return [[steps, stairs], { ...layout, bargap: 0, yaxis }];
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
