// What a painted schedule is predicted to save and to cost, beside the codebook's on the same recording.
import { identity } from "../shared/identity.js";
import { make } from "../shared/format.js";

export function createPaintNumbers({ state, painting }) {
  const root = make("dl", "paint-numbers");
  const computed = createNumber("computed");
  const speedup = createNumber("speedup");
  const picture = createNumber("PSNR");
  const beside = make("p", "paint-beside");
  root.append(computed.root, speedup.root, picture.root);
  const column = make("div", "paint-figures");
  column.append(root, beside);

  const show = () => {
    const { drawing } = painting.schedule;
    const run = painting.answer?.runs[state.focus];
    const steps = drawing.computed.length;
    const count = drawing.computed.filter(Boolean).length;
    computed.show(steps ? `${count}` : "–", steps ? `of ${steps} steps` : "");
    speedup.show(run ? `${run.speedup.toFixed(2)}×` : "–", "predicted");
    const known = run?.db != null;
    picture.name.textContent = run && !known ? "error" : "PSNR";
    if (known) picture.show(`${run.db.toFixed(1)} dB`, run.db_off == null ? "predicted" : `± ${run.db_off.toFixed(1)} dB`);
    else picture.show(run?.error == null ? "–" : run.error.toFixed(3), run ? "of the probe; no velocities recorded" : "");
    beside.textContent = [againstCodebook(state, drawing.own, run, count), mean(state, painting)].filter(Boolean).join(" ");
  };
  return { root: column, show };
}

/** How it differs from the codebook's schedule of the same recording. */
function againstCodebook(state, own, run, count) {
  if (!own) return "The codebook's schedule.";
  const codebook = state.answer?.runs[state.focus];
  if (!run || !codebook) return "";
  const more = count - codebook.computed.length;
  const steps = more === 0 ? "as many steps" : `${Math.abs(more)} ${Math.abs(more) === 1 ? "step" : "steps"} ${more > 0 ? "more" : "fewer"}`;
  const { letter } = identity(state.slots.get(state.focus));
  if (run.db == null || codebook.db == null) return `To the codebook on ${letter}: ${steps}.`;
  const gained = run.db - codebook.db;
  return `To the codebook on ${letter}: ${gained < 0 ? "−" : "+"}${Math.abs(gained).toFixed(1)} dB, ${steps}.`;
}

/** The same schedule on all selected recordings that have as many steps. */
function mean(state, painting) {
  const count = painting.ids().length;
  const found = painting.answer?.mean;
  if (!painting.schedule.drawing.own || count < 2 || !found) return "";
  return `Mean of ${count}: ${found.speedup.toFixed(2)}×${found.db == null ? "" : `, ${found.db.toFixed(1)} dB`}.`;
}

function createNumber(name) {
  const root = make("div");
  const term = make("dt", "", name);
  const value = make("dd", "value", "–");
  const note = make("dd", "note");
  root.append(term, value, note);
  const show = (text, below) => {
    value.textContent = text;
    note.textContent = below;
  };
  return { root, name: term, show };
}
