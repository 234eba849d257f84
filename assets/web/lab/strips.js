// One strip a recording: solid cells are computed, tinted ones reused, coloured by the cache rate they live under.
// With motion regularisation the schedule without it is shown above; after a real run, what really happened below.
import { identity } from "../shared/identity.js";
import { heading } from "../shared/heading.js";
import { faded, make, rateColour } from "../shared/format.js";

const HELP =
  "Simulated schedules: solid cells are computed steps, tinted ones reuse. On the right the number of computed steps, " +
  "predicted speedup and predicted error. Press a name to see its heat map and to make it the one that Run it generates.";

export function createStrips(state) {
  const root = make("section", "lab-strips");
  const rows = make("div", "lab-strip-rows");
  root.append(heading("Schedules", HELP, make("span", "simulated-note", "simulated")), rows);

  const draw = () => {
    if (!state.answer) return;
    const wanted = state.ids().flatMap((id) => kinds(state, id).map((kind) => [id, kind]));
    while (rows.childElementCount > wanted.length) rows.lastChild.remove();
    while (rows.childElementCount < wanted.length) rows.append(createRow(state));
    wanted.forEach(([id, kind], i) => rows.children[i].show(id, kind));
    rows.classList.toggle("dense", state.steps() > 60);
  };
  state.on(["answer", "selection", "focus", "real"], draw);
  return root;
}

/** Which strips a recording has. */
function kinds(state, id) {
  const shown = state.answered?.motion ? ["plain", "motion"] : ["simulated"];
  return state.realOf(id) ? [...shown, "real"] : shown;
}

function createRow(state) {
  const row = make("div", "strip-row");
  const name = make("button", "strip-name");
  const cells = make("div", "cells");
  const figures = make("span", "strip-figures");
  row.append(name, cells, figures);
  let shown = "";
  name.addEventListener("click", () => state.look(shown));

  row.show = (id, kind) => {
    if (!state.slots.has(id)) return;
    shown = id;
    const { steps, prompt } = state.recording(id);
    const real = state.real[id];
    const run = kind === "real" ? real.run : (kind === "plain" ? state.answer.plain : state.answer.runs)[id];
    if (!run) return;
    const { letter, colour } = identity(state.slots.get(id));
    row.dataset.kind = kind;
    row.classList.toggle("focused", id === state.focus);
    row.style.setProperty("--own", colour);
    name.textContent = kind === "simulated" ? letter : `${letter} ${kind}`;
    name.title = prompt;
    cells.style.width = `${(100 * steps) / state.steps()}%`;
    const highest = Math.max(...run.rates, 6);
    while (cells.childElementCount > steps) cells.lastChild.remove();
    while (cells.childElementCount < steps) cells.append(make("i", "cell"));
    const simulated = new Set(kind === "real" ? real.simulated : []);
    let decided = -1;
    for (let step = 1; step <= steps; step++) {
      const computed = run.computed[decided + 1] === step;
      if (computed) decided += 1;
      const cell = cells.children[step - 1];
      const made = kind !== "real" || step <= real.made;
      const differs = kind === "real" && made && computed !== simulated.has(step) ? " differs" : "";
      const rgb = rateColour(run.rates[decided] ?? 1, highest);
      const [kindOfCell, background] = made ? [`cell ${computed ? "computed" : "reused"}${differs}`, computed ? rgb : faded(rgb, 0.25)] : ["cell", ""];
      // A move of a threshold changes few cells, and a browser styles every cell anew that is written to.
      if (cell.className !== kindOfCell) cell.className = kindOfCell;
      if (cell.dataset.background !== background) cell.style.background = cell.dataset.background = background;
    }
    const count = `${run.computed.length}/${steps}`;
    const measured = run.speedup ? [`${run.speedup.toFixed(2)}×`, run.error.toFixed(3)] : ["measured"];
    figures.classList.toggle("of-a-run", !run.speedup);
    figures.replaceChildren(...[count, ...measured].map((text) => make("span", "", text)));
  };
  return row;
}
