// Figures of the paper from the selected recordings, with their data to download.
import { createTableExport } from "../shared/export.js";
import { createFrameExport } from "../shared/frame-export.js";
import { identity } from "../shared/identity.js";
import { heading } from "../shared/heading.js";
import { latest } from "../shared/codebook-editing.js";
import { createFrame, label, line, rule, scale, stepTicks, ticks } from "../shared/svg.js";
import { make, significant } from "../shared/format.js";

const GUTTER = { left: 64, right: 130, top: 8, bottom: 34 };
const KINDS = {
  distance: { title: "Distance", paper: "Fig. 2, right", axis: "distance" },
  motion: { title: "Motion", paper: "Fig. A.1", axis: "score, and gradient dashed" },
  steps: { title: "Fewer steps", paper: "Fig. 2, left", axis: "PSNR (dB)", across: "steps", shown: "psnr_db" },
  signals: { title: "Signals", paper: "beyond it", axis: "change of the signal", shown: "recorded residual" },
  budget: { title: "Budget", paper: "Fig. 3", axis: "PSNR (dB)", across: "base steps", shown: "psnr_db" },
};
const HELP =
  "Distance: change of the probed residual from each step to the next, as in Fig. 2. Motion: difference between " +
  "frames of the residual (score) and its change from step to step (gradient), as in Fig. A.1. Fewer steps and " +
  "budget were generated beforehand, for the recordings that ship with the Lab: how close a shorter schedule comes to the " +
  "whole one, and ten computed steps in longer schedules to 100. Signals: the one picked beside the codebook, and below " +
  "how far each tells videos apart and whether it tells how many steps they need.";

export function createFigures({ state, server }) {
  const root = make("section", "lab-figures exportable");
  const frame = createFrame("figure", GUTTER, (paper) => draw(paper), { title: "Figure of the paper", read: () => read() });
  const buttons = Object.entries(KINDS).map(([kind, { title, paper }]) => {
    const button = make("button", "chip-button", title);
    button.append(" ", make("span", "paper", paper));
    button.addEventListener("click", () => {
      shown = kind;
      ask();
    });
    return button;
  });
  const links = ["csv", "json"].map((type) => {
    const link = make("a", "download", type.toUpperCase());
    link.title = `Download the data as ${type.toUpperCase()}`;
    return link;
  });
  const choice = make("span", "choice");
  choice.append(...buttons);
  const downloads = make("span", "downloads");
  downloads.append(...links);
  const note = make("p", "figure-note");
  const table = make("div", "figure-table exportable");
  const exporting = createFrameExport("Figure of the paper", frame);
  root.append(heading("Figures", HELP, choice, downloads, exporting), frame.root, table, note);
  let shown = "distance";
  let figure = null;

  const refresh = latest((question) => server.figure(question), (answer, question) => {
    note.textContent = answer.error ?? "";
    if (answer.error) {
      figure = null;
      frame.ask();
      return;
    }
    figure = { ...answer, kind: question.kind };
    tabulate(table, answer.table, drawnQuantity());
    offer(links, figure);
    root.dataset.kind = figure.kind;
    frame.ask();
  });
  const ask = () => {
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(Object.keys(KINDS)[i] === shown)));
    if (state.ids().length) refresh({ ...state.question(), kind: shown });
  };

  /** The one quantity that is drawn, where a figure has several of one kind. */
  const drawnQuantity = () => (figure?.kind === "signals" ? state.signal || KINDS.signals.shown : KINDS[figure.kind].shown);

  const draw = ({ sheet, width, height, left, top }) => {
    const curves = Object.entries(figure?.curves ?? {}).filter(([id]) => state.slots.has(id));
    if (!curves.length) return;
    const { axis, across = "step" } = KINDS[figure.kind];
    const only = drawnQuantity();
    const drawn = ({ values }) => Object.entries(values).filter(([quantity]) => !only || quantity === only);
    const all = curves.flatMap(([, curve]) => drawn(curve).flatMap(([, numbers]) => numbers)).filter((value) => value !== null);
    const [low, high] = [only === "psnr_db" ? Math.min(...all) : Math.min(0, ...all), Math.max(...all)];
    const last = Math.max(...curves.flatMap(([, curve]) => curve.x));
    const x = scale([0.5, last + 0.5], [left, left + width]);
    const y = scale([low, high * 1.05 || 1], [top + height, top]);
    for (const value of ticks(low, high, height / 36)) {
      sheet.append(rule(left, y(value), left + width, y(value)), label(left - 8, y(value) + 3.5, significant(value), "end"));
    }
    for (const step of stepTicks(last, width)) sheet.append(label(x(step), top + height + 13, step));
    sheet.append(label(left + width / 2, top + height + 28, across, "middle", "axis-title"));
    const turned = label(0, 0, axis, "middle", "axis-title");
    turned.setAttribute("transform", `translate(${left - 50},${top + height / 2}) rotate(-90)`);
    sheet.append(turned);
    const ends = [];
    for (const [id, curve] of curves) {
      const { letter, colour, dash } = identity(state.slots.get(id));
      for (const [quantity, numbers] of drawn(curve)) {
        const points = numbers.map((value, i) => [x(curve.x[i]), value]).filter(([, value]) => value !== null);
        const style = quantity === "gradient" ? { width: 1.25, dash: "2 3" } : { width: 1.75, dash };
        sheet.append(line(points.map(([at, value]) => [at, y(value)]), colour, style));
        if (quantity !== "gradient") ends.push({ letter, colour, x: points.at(-1)[0], y: y(points.at(-1)[1]) });
      }
    }
    for (const end of spread(ends)) {
      const name = label(end.x + 10, end.y + 3.5, end.letter, "start", "end-letter");
      name.style.fill = end.colour;
      sheet.append(name);
    }
  };
  const read = () => {
    const curves = Object.entries(figure?.curves ?? {}).filter(([id]) => state.slots.has(id));
    if (!curves.length) return null;
    const { title, across = "step" } = KINDS[figure.kind];
    const series = curves.flatMap(([id, { x, values }]) =>
      Object.entries(values).map(([quantity, numbers]) => ({ x, numbers, name: `${identity(state.slots.get(id)).letter}, ${quantity}` })),
    );
    const places = [...new Set(series.flatMap(({ x }) => x))].sort((one, other) => one - other);
    const value = ({ x, numbers }, at) => (x.includes(at) ? numbers[x.indexOf(at)] : null);
    return {
      summary: `${title} of ${curves.length} ${curves.length === 1 ? "recording" : "recordings"}`,
      columns: [across, ...series.map(({ name }) => name)],
      rows: places.map((at) => [at, ...series.map((one) => (value(one, at) === null ? "" : significant(value(one, at))))]),
    };
  };
  state.on(["selection", "signal"], ask);
  return root;
}

/** Rows below a head, the one that is drawn marked. */
function tabulate(place, rows, drawn) {
  if (!rows.length) return place.replaceChildren();
  const table = make("table");
  rows.forEach((cells, i) => {
    const row = table.insertRow();
    row.classList.toggle("drawn", cells[0] === drawn);
    cells.forEach((text, j) => {
      const cell = make(i && j ? "td" : "th", "", text);
      cell.scope = i ? "row" : "col";
      row.append(cell);
    });
  });
  place.replaceChildren(table, createTableExport("Signals compared", table));
}

/** Letters at the ends of the curves, moved apart where they would cover each other. */
function spread(ends) {
  const sorted = ends.sort((one, other) => one.y - other.y);
  sorted.forEach((end, i) => {
    if (i) end.y = Math.max(end.y, sorted[i - 1].y + 12);
  });
  return sorted;
}

function offer(links, figure) {
  const [csv, json] = links;
  const files = [
    [csv, figure.csv, "text/csv"],
    [json, JSON.stringify(figure.json), "application/json"],
  ];
  for (const [link, text, type] of files) {
    if (link.href) URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = `${figure.kind}.${link === csv ? "csv" : "json"}`;
  }
}
