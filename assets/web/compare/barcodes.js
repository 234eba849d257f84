// Barcodes: the computed steps of every method on one axis of denoising steps, for one prompt and seed.
import { heading } from "../shared/heading.js";
import { make } from "../shared/format.js";

const PART = 0.05; // of the branches: beyond this a step that counts as computed is so only in part
const HELP =
  "A line a method: solid where a step is computed, faint where it is reused. Adaptive methods differ from prompt to " +
  "prompt, the others do not. A method of fewer steps has wider cells; one that computes a part of a step has paler ones.";

export function createBarcodes(state) {
  const root = make("section", "compare-barcodes");
  const runs = state.points.find(({ family }) => family)?.schedules ?? [];
  const choice = make("select");
  choice.setAttribute("aria-label", "Prompt and seed");
  choice.append(...runs.map(({ prompt, seed }) => Object.assign(make("option", "", `${prompt}, seed ${seed}`), { value: `${seed} ${prompt}` })));
  state.run ||= choice.value;
  const list = make("div", "barcodes");
  root.append(heading("Computed steps", HELP, choice), list);
  const show = () => {
    choice.value = state.run;
    const run = runs.find(({ prompt, seed }) => `${seed} ${prompt}` === state.run);
    root.hidden = !run;
    if (!run) return;
    const same = (other) => other.prompt === run.prompt && other.seed === run.seed;
    const lines = state.visible().filter(({ family }) => family).map((point) => [point, point.schedules.find(same)]);
    list.replaceChildren(...lines.filter(([, found]) => found).map(([point, found]) => barcode(state, point, found)));
  };
  choice.addEventListener("change", () => state.set("run", choice.value));
  state.on(show);
  show();
  return root;
}

function barcode(state, point, { computed, steps, quality }) {
  const row = make("div", point.name === state.looked ? "barcode looked" : "barcode");
  const strip = make("div", "barcode-steps");
  strip.setAttribute("role", "img");
  strip.setAttribute("aria-label", `${point.name}: computes ${computed.length} of ${steps} steps: ${computed.join(", ")}`);
  const wanted = new Set(computed);
  const inPart = computed.length / steps > point.computed_fraction + PART && !point.family.startsWith("Fewer steps");
  for (let step = 1; step <= steps; step += 1) {
    const cell = make("i");
    cell.style.background = state.colour(point.family);
    if (!wanted.has(step)) cell.style.opacity = "0.14";
    else if (inPart) cell.style.opacity = "0.5";
    strip.append(cell);
  }
  const metric = state.chosen();
  const value = quality[metric.id];
  const told = value === null ? "" : `${value.toFixed(metric.digits)} ${metric.unit}`.trim();
  row.append(make("span", "barcode-name", point.name), strip, make("span", "barcode-value", `${inPart ? "in part" : `${computed.length}/${steps}`}, ${told}`));
  row.addEventListener("pointerenter", () => state.look(point.name));
  return row;
}
