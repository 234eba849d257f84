// The ghost: the schedule that would run with the codebook as it is edited, simulated from the shown run's recording and
// drawn hollow below what ran. "Run it" makes it for the same video; what was predicted then stands beside what came.
import { editing } from "./codebook-state.js";
import { latest, sameRows } from "../shared/codebook-editing.js";
import { faded, make, rateColour } from "../shared/format.js";
import { visitor } from "../shared/visitor.js";

const REST = "Drag a threshold: what would run appears here, simulated.";
const NEXT = "A run goes; this codebook is for the next one.";
const REMEMBERED = 100; // predictions
const NOTHING = { computed: [], rates: [] };

/** `changed` is called when another schedule is to be drawn. @param {{ server: any, trigger: Function, changed: () => void }} on */
export function createGhost({ server, trigger, changed }) {
  const root = make("section", "ghost");
  root.setAttribute("aria-label", "What would run");
  const row = make("div", "strip-row ghost-row");
  const cells = make("div", "cells");
  row.append(make("span", "strip-name", "Would run"), cells);
  const said = make("p", "ghost-said");
  said.setAttribute("role", "status");
  const start = make("button", "quiet", "Run it");
  start.title = "Generate the video that is shown with these settings of AdaCache";
  const line = make("div", "ghost-line");
  line.append(said, start);
  root.append(row, line);

  let run = null;
  let settings = null; // the values of all controls, as they last changed
  let answer = null;
  const predicted = new Map(); // by the key of the request that would run, latest last
  const ask = latest((question) => server.ghost(question), (found, question) => {
    answer = { ...found, run: question.run };
    if (!found.error && !found.same) remember(predicted, found);
    show();
  });
  const question = () => ({ run: run.run, visitor: visitor(), settings, codebook: editing.draft });
  const asked = () => run?.run && run.used_codebook && editing.draft && ask(question());
  editing.on(["codebook"], () => (run?.state === "running" ? show() : asked()));
  window.addEventListener("adacache-settings", (event) => {
    settings = /** @type {CustomEvent} */ (event).detail;
    asked();
  });
  start.addEventListener("click", () => trigger("run_it", { question: question() }));

  const current = () => (answer?.run === run.run && run.run && !answer.error ? answer : null);
  /** What is drawn: a schedule that would run, or one that did with what was predicted of it. */
  const drawn = () => {
    const found = current();
    if (!found) return null;
    if (!found.same) return found;
    return predicted.get(run.key) ?? null;
  };
  const stateOf = () => {
    if (run.state === "running") return "running";
    const found = current();
    if (!found) return answer?.run === run.run && answer?.error ? "none" : "rest";
    if (!found.same) return "ghost";
    return drawn() ? "compared" : "rest";
  };
  const show = () => {
    const state = stateOf();
    const found = drawn() ?? NOTHING;
    root.hidden = !run.used_codebook;
    root.dataset.state = state;
    root.dataset.computed = JSON.stringify(found.computed);
    draw(cells, found, run);
    start.disabled = state !== "ghost";
    said.classList.toggle("error", state === "none");
    said.replaceChildren(...wordsOf(state));
    changed();
  };
  const wordsOf = (state) => {
    const [total, found] = [run.timesteps.length, drawn()];
    if (state === "ghost") return [figures("would run, simulated", found, total)];
    if (state === "compared") return [figures("simulated", found, total), figures("ran", measuredOf(run), total)];
    if (state === "none") return [answer.error];
    if (state === "running") return sameRows(editing.draft, run.used_codebook) ? [] : [NEXT];
    return run.run ? [REST] : [];
  };
  /** Another state of the run that is shown. */
  const follow = (shown) => {
    const other = run?.run !== shown.run;
    run = shown;
    if (other) asked();
    show();
  };
  /** The ghost of a run as the charts draw it, none where nothing differs. */
  const of = (shown) => (run?.run === shown.run ? drawn() : null);
  return { root, follow, of };
}

function draw(cells, { computed, rates }, { timesteps, highest }) {
  const steps = timesteps.length;
  cells.classList.toggle("dense", steps > 60);
  while (cells.childElementCount > steps) cells.lastChild.remove();
  while (cells.childElementCount < steps) cells.append(make("i", "cell"));
  let decided = -1;
  for (let step = 1; step <= steps; step++) {
    const made = computed[decided + 1] === step;
    if (made) decided += 1;
    const cell = cells.children[step - 1];
    const colour = rateColour(rates[decided] ?? 1, highest);
    cell.className = `cell ${computed.length ? (made ? "would" : "would-not") : ""}`;
    cell.style.setProperty("--rate", made ? colour : faded(colour, 0.55));
  }
}

function remember(predicted, found) {
  predicted.delete(found.key);
  predicted.set(found.key, found);
  if (predicted.size > REMEMBERED) predicted.delete(predicted.keys().next().value);
}

/** A short line of figures under a name. */
function figures(name, { computed, speedup, db }, total) {
  const values = [`${computed.length} of ${total} steps`];
  if (speedup) values.push(`${speedup.toFixed(2)}×`);
  if (db != null) values.push(`${db.toFixed(1)} dB`);
  const made = make("span", `ghost-figures ${name === "ran" ? "ran" : ""}`);
  made.append(make("span", "ghost-name", name), ...values.map((value) => make("b", "", value)));
  return made;
}

function measuredOf({ accelerated, measured }) {
  const computed = accelerated.filter((record) => record.computed !== "none").map(({ step }) => step);
  return { computed, speedup: measured?.speedup, db: measured?.db };
}
