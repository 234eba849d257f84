// The two big numbers, predicted on the selected recordings, and Run it: what one of them really does.
import { badge } from "../shared/identity.js";
import { same } from "../shared/codebook-editing.js";
import { make } from "../shared/format.js";
import { orSilence } from "../shared/silence.js";

export function createNumbers({ state, run, server }) {
  const root = make("section", "lab-numbers");
  const speedup = createTile("Predicted speedup", "speedup");
  const error = createTile("Predicted error", "error");
  error.root.title = "Mean relative change of the probed residual between a step and the computed step it reuses. A recording of an earlier version keeps no velocities, so its picture cannot be predicted";
  const picture = createTile("Predicted PSNR", "picture");
  picture.root.title = "Of the video to the baseline's, from the recording's velocities; ± the mean error on prompts it was not fitted on";
  const tiles = make("div", "tiles");
  tiles.append(speedup.root, picture.root, error.root);
  const start = make("button", "primary", "Run it");
  start.id = "lab-run";
  const stop = make("button", "secondary", "Stop");
  stop.id = "lab-stop";
  const which = make("span", "which");
  const buttons = make("div", "lab-buttons");
  buttons.append(start, stop, which);
  const message = make("p", "lab-message");
  message.setAttribute("role", "status");
  root.append(tiles, buttons, message, createFit(server));

  const show = () => {
    const { mean, mean_plain: plain } = state.answer ?? {};
    const motion = Boolean(state.answered?.motion);
    const several = state.ids().length > 1 ? `mean of ${state.ids().length}` : "";
    speedup.show(mean ? `${mean.speedup.toFixed(2)}×` : "", motion ? `${plain.speedup.toFixed(2)}× without motion` : several);
    error.show(mean ? mean.error.toFixed(3) : "", motion ? `${plain.error.toFixed(3)} without motion` : several);
    const dB = (means) => (means?.db == null ? "" : `${means.db.toFixed(1)} dB`);
    const off = mean?.db_off == null ? "" : `± ${mean.db_off.toFixed(1)} dB`;
    const beside = motion && dB(plain) ? `${dB(plain)} without motion` : several;
    picture.root.hidden = Boolean(mean) && !dB(mean); // older recordings cannot tell: what changes in the probe is shown instead
    error.root.hidden = !picture.root.hidden;
    picture.show(dB(mean), [off, beside].filter(Boolean).join(", "));
    const recording = state.recording(state.focus);
    which.replaceChildren(...(recording ? [badge(state.slots.get(state.focus)), make("span", "", recording.prompt)] : []));
    start.disabled = run.going || !state.answer || Boolean(state.error);
    stop.disabled = !run.going;
    message.textContent = run.painted ? "" : run.text;
    message.dataset.kind = run.kind;
    if (!run.painted) root.dataset.state = run.stage;
  };
  start.addEventListener("click", () => run.start(state.question([state.focus]), state.answer.runs[state.focus].computed));
  stop.addEventListener("click", run.stop);
  state.on(["codebook", "motion", "reuse", "signal"], () => {
    if (run.going || run.painted || !run.asked) return;
    if (!same({ ...state.question([]), ids: run.asked.question.ids }, run.asked.question)) run.say("");
  });
  state.on(["answer", "selection", "focus", "real"], show);
  show();
  return root;
}

/** How far predictions come true, asked for when it is opened. */
function createFit(server) {
  const root = make("details", "lab-fit");
  const words = make("p");
  const plot = make("img");
  plot.alt = "Predicted against real PSNR, a dot a schedule";
  plot.hidden = true;
  root.append(make("summary", "", "How far predictions come true"), words, plot);
  root.addEventListener("toggle", async () => {
    if (!root.open || words.textContent) return;
    const answer = await orSilence(server.fitted({}));
    words.textContent = answer.error ?? answer.words;
    plot.hidden = !answer.plot;
    if (answer.plot) plot.src = answer.plot;
  });
  return root;
}

function createTile(title, name) {
  const root = make("div", `tile ${name}`);
  const value = make("span", "value", "–");
  const note = make("div", "note");
  const label = make("div", "label", title);
  label.append(make("span", "simulated-note", "simulated"));
  const figure = make("div", "figure");
  figure.append(value);
  root.append(label, figure, note);
  const show = (text, beside) => {
    root.classList.toggle("measured", text !== "");
    value.textContent = text || "–";
    note.textContent = beside;
  };
  return { root, show };
}
