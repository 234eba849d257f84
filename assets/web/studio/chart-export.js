// Export of the Studio's charts: what Plotly draws with the codebook's bands behind it, and the numbers of every step.
import { bandsOf } from "../shared/bands.js";
import { colour, faded, significant } from "../shared/format.js";
import { GHOST } from "./figures.js";

const SIZE = { width: 900, height: 320 };
const MARGIN = { l: 64, r: 72, t: 40, b: 44 };
const BAND = 0.16; // opacity

/** A chart of what ran as SVG on the page's paper, with a title and the axis of steps, whatever is zoomed into. */
export async function chartSource(Plotly, { id, plot, title }, run, top) {
  const banded = id === "distance" && run.codebook;
  const named = names(id, run);
  const ran = plot.data.filter(({ meta }) => meta !== GHOST);
  const data = ran.map((trace, i) => ({ ...trace, name: named[i] }));
  const layout = {
    ...plot.layout,
    ...SIZE,
    autosize: false,
    margin: MARGIN,
    title: { text: title, x: 0.01, font: { size: 14, color: colour("ink") } },
    showlegend: named.length > 0,
    legend: { orientation: "h", x: 1, xanchor: "right", y: 1.02, yanchor: "bottom" },
    paper_bgcolor: colour("panel"),
    font: { family: "sans-serif", size: 11, color: colour("ink-2") },
    xaxis: { ...plot.layout.xaxis, showticklabels: true, title: { text: "step" } },
    ...(banded && withBands(plot.layout, bandsOf(run.codebook, top))),
  };
  const address = await Plotly.toImage({ data, layout }, { format: "svg", ...SIZE });
  return decodeURIComponent(address.slice(address.indexOf(",") + 1));
}

function withBands(layout, bands) {
  const edges = bands.slice(0, -1).map(({ high }) => high);
  const across = { xref: "paper", x0: 0, x1: 1, yref: "y", layer: "below" };
  return {
    shapes: bands.map(({ low, high, colour: fill }) => ({
      ...across,
      type: "rect",
      y0: Math.sqrt(low),
      y1: Math.sqrt(high),
      fillcolor: faded(fill, BAND),
      line: { width: 0 },
    })),
    annotations: [...layout.annotations, ...bands.map(({ low, high, rate }) => ({
      text: `rate ${rate}`,
      xref: "paper",
      x: 1.01,
      xanchor: "left",
      y: (Math.sqrt(low) + Math.sqrt(high)) / 2,
      showarrow: false,
    }))],
    yaxis: { ...layout.yaxis, tickvals: [0, ...edges.map(Math.sqrt)], ticktext: ["0", ...edges.map(significant)] },
  };
}

/** Of the traces of figures.js, where a chart has several. */
function names(id, { regularised, branches }) {
  return {
    distance: ["raw", ...(regularised ? ["normalised"] : []), "regularised"],
    signal: branches.curves.map(({ about }) => about),
    rate: [],
    motion: ["motion score", "factor on distance", "gradient"],
    seconds: ["baseline", "accelerated"],
  }[id];
}

/** A heading and a row a step of what a chart draws; null before there is a step. */
export function chartTable(id, { baseline, accelerated, timesteps, branches }) {
  const steps = Math.max(baseline.length, accelerated.length);
  if (!steps) return null;
  const row = (i) => accelerated[i] ?? {};
  const columns = {
    distance: ["raw", "normalised", "regularised"].map((name) => [name, (i) => row(i)[name === "raw" ? "distance" : name]]),
    signal: branches.curves.map(({ measured, about }) => [about, (i) => row(i)[measured]]),
    rate: [["rate", (i) => row(i).rate]],
    motion: [
      ["motion score", (i) => row(i).motion],
      ["factor", (i) => row(i).factor],
      ["gradient", (i) => row(i).gradient],
    ],
    seconds: [
      ["baseline seconds", summed(baseline)],
      ["accelerated seconds", summed(accelerated)],
    ],
  }[id];
  const head = ["step", "timestep", "computed", ...columns.map(([name]) => name)];
  const cells = (i) => [i + 1, timesteps[i], row(i).computed, ...columns.map(([, value]) => value(i))];
  return [head, ...Array.from({ length: steps }, (_, i) => cells(i))];
}

function summed(records) {
  let sum = 0;
  const sums = records.map(({ seconds }) => (sum += seconds));
  return (i) => sums[i];
}
