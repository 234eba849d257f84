// What adapting is worth: even steps, the best schedule shared by all, each video's own, and the codebook, at one mean
// compute on the selected recordings, in predicted dB. A press on a mark paints its schedule, to be run for real.
import { createTableExport } from "../shared/export.js";
import { same } from "../shared/codebook-editing.js";
import { heading } from "../shared/heading.js";
import { make } from "../shared/format.js";
import { orSilence } from "../shared/silence.js";

const HELP =
  "Four ways to spend the same mean number of computed steps on the selected recordings, all with the reuse picked on the " +
  "left, predicted: mean PSNR and its worst decile. Own: each video has a number of steps of its own and a schedule " +
  "searched for it, knowing the result. Press a mark to paint its schedule for the recording in front and run it.";
const TITLE = "What adapting is worth";
const NAMES = ["schedule", "computed steps", "mean", "worst decile"];

export function createWorth({ state, server }) {
  const root = make("section", "lab-worth exportable");
  const form = make("form");
  form.noValidate = true;
  const field = make("label", "", "Mean computed steps");
  const budget = Object.assign(make("input"), { type: "number", step: "1", min: "2", id: "lab-budget" });
  field.append(budget);
  const button = make("button", "secondary", "Work it out");
  button.id = "lab-worth";
  form.append(field, button);
  const table = make("table");
  const message = make("p", "lab-message");
  message.setAttribute("role", "status");
  root.append(heading(TITLE, HELP, make("span", "simulated-note", "simulated"), createTableExport(TITLE, table)), form, table, message);

  let marks = [];
  let asked = null;
  let typed = false;
  budget.addEventListener("input", () => (typed = true));
  const question = () => ({ ...state.question(), budget: budget.valueAsNumber });
  const show = () => {
    root.classList.toggle("stale", marks.length > 0 && !same(asked, question()));
    const row = table.insertRow.bind(table);
    table.replaceChildren();
    if (!marks.length) return;
    const head = row();
    for (const name of NAMES) head.append(Object.assign(make("th", "", name), { scope: "col" }));
    for (const mark of marks) {
      const line = row();
      const press = make("button", "quiet", mark.title);
      press.dataset.mark = mark.id;
      press.title = "Paint this schedule for the recording in front";
      press.addEventListener("click", () => state.paint(mark.schedules[state.focus]));
      const name = Object.assign(make("th"), { scope: "row" });
      name.append(press);
      line.append(name, make("td", "", mark.computed_steps.toFixed(1)), decibels(mark.mean_db), decibels(mark.worst_decile_db));
    }
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    message.textContent = "Searching";
    message.dataset.kind = "info";
    const asking = question();
    const answer = await orSilence(server.worth(asking));
    message.textContent = answer.error ?? "";
    message.dataset.kind = answer.error ? "error" : "info";
    if (!answer.error) [marks, asked] = [answer.marks, asking];
    button.disabled = false;
    root.dataset.marks = String(marks.length);
    show();
  });
  state.on(["answer", "selection"], () => {
    const runs = Object.values(state.answer?.runs ?? {});
    if (runs.length && !typed) {
      const mean = runs.reduce((sum, run) => sum + run.computed.length, 0) / runs.length;
      budget.value = String(Math.round(mean));
    }
    if (marks.length && marks.some(({ schedules }) => !schedules[state.focus])) marks = [];
    show();
  });
  state.on(["focus", "codebook"], show);
  return root;
}

function decibels(value) {
  return make("td", "", `${value.toFixed(1)} dB`);
}
