// The signal of a method that decides by a threshold: its curves as the method names them, the last one compared.
import { colour, make, significant } from "../shared/format.js";

const HEADROOM = 1.25; // of the threshold and of what is measured
const FURTHEST = 4; // thresholds that the axis reaches at most
const DASHES = ["dot", "dash", "solid"]; // the last for what is compared

/** Traces and layout for figures.js' paper. */
export function signalFigure(run, { axis, layout }) {
  const { curves, threshold } = run.branches;
  const top = topOf(run);
  const accent = colour("adacache");
  const traces = curves.map(({ measured }, i) => {
    const compared = i === curves.length - 1;
    const told = run.accelerated.filter((record) => record[measured] != null);
    // A gap after each computed step: what is summed begins anew there.
    const points = told.flatMap((record) => (compared && record.computed === "all" ? [record, null] : [record]));
    const solid = points.map((record) => (record?.computed === "all" ? accent : colour("panel")));
    return {
      x: points.map((record) => record?.step ?? null),
      y: points.map((record) => (record && !Number.isNaN(record[measured]) ? Math.min(record[measured], top) : null)),
      mode: "lines+markers",
      line: { color: compared ? accent : colour("raw"), width: compared ? 2 : 1.25, dash: dashOf(curves, i) },
      marker: compared
        ? { size: 8, color: solid, line: { color: accent, width: 1.5 }, symbol: points.map((r) => (r?.[measured] > top ? "triangle-up" : "circle")) }
        : { size: 4 },
      cliponaxis: false,
    };
  });
  const limit = { type: "line", xref: "paper", x0: 0, x1: 1, yref: "y", y0: threshold, y1: threshold };
  const said = { text: significant(threshold), xref: "paper", x: 1.01, xanchor: "left", y: threshold };
  return [
    traces,
    {
      ...layout,
      shapes: curves.length ? [{ ...limit, line: { color: colour("ink"), width: 1 } }] : [],
      annotations: curves.length ? [{ ...said, showarrow: false, align: "left" }] : [],
      yaxis: { ...axis, nticks: 4, range: [0, top] },
    },
  ];
}

/** A key for each curve, and for the threshold. */
export function signalLegend({ branches: { curves } }) {
  const keys = curves.map(({ about }, i) => make("span", `key signal-${dashOf(curves, i)}`, about));
  return keys.length ? [...keys, make("span", "key signal-limit", "threshold")] : [];
}

function dashOf(curves, i) {
  return DASHES[DASHES.length - curves.length + i];
}

function topOf({ accelerated, branches: { curves, threshold } }) {
  const values = accelerated.flatMap((record) => curves.map(({ measured }) => record[measured])).filter(Number.isFinite);
  return HEADROOM * Math.min(Math.max(threshold, ...values), FURTHEST * threshold) || 1;
}
