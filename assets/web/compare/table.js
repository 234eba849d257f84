// The comparison as a table: a line an operating point, sorted by any column, with the settings of the one pointed at.
import { createTableExport } from "../shared/export.js";
import { heading } from "../shared/heading.js";
import { make } from "../shared/format.js";

const HELP =
  "Computed: residual branches computed, of all those of the baseline. The interval is a 95 % bootstrap of the mean over " +
  "prompts and seeds; nine of ten runs are better than the worst decile. Judge: how often a classifier that saw only " +
  "rendered clips recognises what the prompt asked for. Press a heading to sort.";
const FLOPS = "TFLOPs of the paper's Table 1";
const FLOPS_HELP =
  "TFLOPs of one video in the paper's convention: text encoder, denoising and decoder, without the products of flash " +
  "attention. Counted here without weights; python -m benchmarks.flops.";

export function createTable(state) {
  const root = make("section", "compare-table");
  const body = make("tbody");
  const settings = make("p", "settings", "");
  const columns = columnsOf(state);
  let order = { column: -1, falling: false }; // as the comparison has them
  const table = tableOf(["Method", ...columns.map(({ title }) => title), ""], body);
  [...table.querySelectorAll("th")].slice(1, -1).forEach((head, i) => {
    const button = make("button", "sort", head.textContent);
    button.type = "button";
    button.addEventListener("click", () => {
      order = { column: i, falling: order.column === i ? !order.falling : true };
      show();
    });
    head.replaceChildren(button);
  });
  root.append(heading("Operating points", HELP), scrolling(table), settings);
  const show = () => {
    const points = [...state.visible()];
    const { column, falling } = order;
    if (column >= 0) points.sort((one, other) => (falling ? -1 : 1) * (columns[column].value(one) - columns[column].value(other)));
    [...table.querySelectorAll("th")].slice(1, -1).forEach((head, i) => {
      head.setAttribute("aria-sort", i !== column ? "none" : falling ? "descending" : "ascending");
    });
    body.replaceChildren(...points.map((point) => row(state, point, columns)));
    const looked = state.point(state.looked);
    settings.textContent = looked?.settings ? `${looked.name}: ${inWords(looked.settings)}` : "";
  };
  state.on(show);
  show();
  return root;
}

/** Title, sorting value and text of every column of figures; the columns of quality are the registered metrics'. */
function columnsOf(state) {
  const [first] = state.metrics;
  const judge = ({ judge: parts }) => {
    const values = /** @type {number[]} */ (Object.values(parts));
    return values.length ? (100 * values.reduce((one, other) => one + other)) / values.length : NaN;
  };
  const figure = (title, value, text) => ({ title, value, text: (point) => (Number.isFinite(value(point)) ? text(point) : "–") });
  const measured = ({ id, title, digits, unit }) =>
    figure(title, (point) => (point.family ? (state.value(point, id) ?? NaN) : NaN), (point) => `${state.value(point, id).toFixed(digits)} ${unit}`.trim());
  return [
    figure("Speedup", (point) => point.speedup, (point) => `${point.speedup.toFixed(2)}×`),
    figure("Computed", (point) => point.computed_fraction, (point) => `${Math.round(100 * point.computed_fraction)} %`),
    figure("TFLOPs", (point) => point.tflops ?? NaN, (point) => point.tflops.toPrecision(3)),
    ...state.metrics.map(measured),
    figure(`${first.title}, 95 %`, (point) => (point.family ? (point.interval[first.id]?.[0] ?? NaN) : NaN), (point) => point.interval[first.id].map((end) => end.toFixed(1)).join(" to ")),
    figure("Worst decile", (point) => (point.family ? (point.worst[first.id] ?? NaN) : NaN), (point) => point.worst[first.id].toFixed(1)),
    figure("Judge", judge, (point) => `${judge(point).toFixed(1)} %`),
  ];
}

/** Settings that are set, one after the other; a codebook by rising threshold, whatever the order of its keys. */
function inWords(settings) {
  const rising = (rows) => Object.entries(rows).sort(([one], [other]) => Number(one) - Number(other));
  const book = (rows) => rising(rows).map((entry) => entry.join(":")).join(" ");
  return Object.entries(settings)
    .filter(([key, value]) => key !== "name" && value !== null)
    .map(([key, value]) => `${key.replaceAll("_", " ")} ${key === "codebook" ? book(value) : told(value)}`)
    .join(", ");
}

/** A value of any depth without the signs of JSON. */
function told(value) {
  if (Array.isArray(value)) return value.map(told).join(" ");
  if (value && typeof value === "object") return `(${inWords(value)})`;
  return { true: "on", false: "off" }[String(value)] ?? String(value);
}

function row(state, point, columns) {
  const line = make("tr", point.name === state.looked ? "looked" : "");
  const name = make("td", "name");
  const swatch = make("i", point.family.includes("+") ? "swatch extrapolated" : "swatch");
  swatch.style.background = state.colour(point.family);
  name.append(swatch, make("span", "", point.family ? point.name : "baseline"));
  line.append(name, ...columns.map(({ text }) => make("td", "", text(point))), trial(state, point));
  line.addEventListener("pointerenter", () => state.look(point.name));
  return line;
}

/** The way into the Studio with this point's settings. */
function trial(state, { name, link }) {
  const cell = make("td", "try");
  if (!link) return cell;
  const anchor = make("a", "", "Try it");
  anchor.href = `?${new URLSearchParams({ [state.parameter]: link })}`;
  anchor.title = "Open the Studio with these settings";
  anchor.setAttribute("aria-label", `Try ${name} in the Studio`);
  cell.append(anchor);
  return cell;
}

/** The paper's Table 1 FLOPs beside ours. */
export function createFlops(rows) {
  const root = make("section", "compare-flops exportable");
  const body = make("tbody");
  for (const { model, method, paper, ours } of rows) {
    const line = make("tr");
    const off = `${((100 * (ours - paper)) / paper).toFixed(2).replace("-0.00", "0.00")} %`;
    line.append(make("td", "name", `${model}, ${method === "none" ? "baseline" : method}`));
    line.append(...[paper.toFixed(2), ours.toFixed(2), off].map((text) => make("td", "", text)));
    body.append(line);
  }
  const table = tableOf(["Model and method", "Paper", "Here", "Difference"], body);
  root.append(heading(FLOPS, FLOPS_HELP, createTableExport(FLOPS, table)), scrolling(table));
  return root;
}

function tableOf(titles, body) {
  const table = make("table");
  const head = make("tr");
  head.append(...titles.map((title) => Object.assign(make("th", "", title), { scope: "col" })));
  const group = make("thead");
  group.append(head);
  table.append(group, body);
  return table;
}

function scrolling(table) {
  const root = make("div", "scrolling");
  root.append(table);
  return root;
}
