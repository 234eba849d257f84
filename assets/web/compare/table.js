// The comparison as a table: a line an operating point, with its settings and whether AdaCache dominates it.
import { heading } from "../shared/heading.js";
import { make } from "../shared/format.js";

const HEAD = ["Method", "Speedup", "Computed", "TFLOPs", "PSNR", "SSIM", "Judge", "Dominated by AdaCache", ""];
const HELP =
  "Computed: residual branches computed, of all those of the baseline. Judge: how often a classifier that saw only " +
  "rendered clips recognises what the prompt asked for, mean over object, background, motion and speed. Dominated: an " +
  "AdaCache variant is at least as fast with higher mean PSNR and SSIM.";
const FLOPS_HELP =
  "TFLOPs of one video in the paper's convention: text encoder, denoising and decoder, without the products of flash " +
  "attention. Counted here without weights; python -m benchmarks.flops.";

export function createTable(state) {
  const root = make("section", "compare-table");
  const body = make("tbody");
  const settings = make("p", "settings", "");
  root.append(heading("Operating points", HELP), scrolling(tableOf(HEAD, body)), settings);
  const show = () => {
    const points = state.visible();
    body.replaceChildren(...points.map((point) => row(state, point)));
    const looked = state.point(state.looked);
    settings.textContent = looked?.settings ? `${looked.name}: ${inWords(looked.settings)}` : "";
  };
  state.on(show);
  show();
  return root;
}

/** Settings that are set, one after the other; a codebook by rising threshold, whatever the order of its keys. */
function inWords(settings) {
  const rising = (rows) => Object.entries(rows).sort(([one], [other]) => Number(one) - Number(other));
  const book = (rows) => rising(rows).map((entry) => entry.join(":")).join(" ");
  return Object.entries(settings)
    .filter(([key, value]) => key !== "name" && value !== null)
    .map(([key, value]) => `${key.replaceAll("_", " ")} ${key === "codebook" ? book(value) : JSON.stringify(value)}`)
    .join(", ");
}

function row(state, point) {
  const line = make("tr", point.name === state.looked ? "looked" : "");
  const name = make("td", "name");
  const swatch = make("i", "swatch");
  swatch.style.background = state.colour(point.family);
  name.append(swatch, make("span", "", point.family ? point.name : "baseline"));
  const judged = Object.values(point.judge);
  const judge = judged.length ? `${((100 * judged.reduce((a, b) => a + b)) / judged.length).toFixed(1)} %` : "–";
  const figures = [
    `${point.speedup.toFixed(2)}×`,
    `${Math.round(100 * point.computed_fraction)} %`,
    point.tflops === null ? "–" : point.tflops.toPrecision(3),
    point.family ? `${point.psnr_db.toFixed(2)} dB` : "–",
    point.family ? point.ssim.toFixed(4) : "–",
    judge,
  ];
  const answer = state.answer(point.name);
  line.append(name, ...figures.map((text) => make("td", "", text)));
  line.append(make("td", answer?.by ? "by" : "by none", answer ? answer.by || "no" : ""));
  line.append(trial(state, point));
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
  const root = make("section", "compare-flops");
  const body = make("tbody");
  for (const { model, method, paper, ours } of rows) {
    const line = make("tr");
    const off = `${((100 * (ours - paper)) / paper).toFixed(2).replace("-0.00", "0.00")} %`;
    line.append(make("td", "name", `${model}, ${method === "none" ? "baseline" : method}`));
    line.append(...[paper.toFixed(2), ours.toFixed(2), off].map((text) => make("td", "", text)));
    body.append(line);
  }
  root.append(heading("TFLOPs of the paper's Table 1", FLOPS_HELP), scrolling(tableOf(["", "Paper", "Here", "Difference"], body)));
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
