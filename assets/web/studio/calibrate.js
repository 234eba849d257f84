// Calibrate for this model: prompts to record, how many steps are to be computed, and how the making of it goes.
import { make } from "../shared/format.js";
import { visitor } from "../shared/visitor.js";

const SHARE = 0.4; // of the steps, which the paper's fast variant computes

export function mount({ element, props, watch, trigger }) {
  const root = make("details", "calibrate");
  const about = make(
    "p",
    "calibrate-about",
    "Records a baseline of each prompt with the model, steps and size set here, and chooses thresholds and motion constants from them.",
  );
  const prompts = Object.assign(make("textarea"), { rows: 3, id: "calibrate-prompts", spellcheck: false });
  prompts.placeholder = "One a line; empty for a few of the model's own";
  const wished = Object.assign(make("input"), { type: "number", min: "1", step: "any", id: "calibrate-wished" });
  const start = make("button", "secondary", "Calibrate");
  start.id = "calibrate-start";
  const stop = make("button", "secondary", "Stop");
  stop.id = "calibrate-stop";
  stop.disabled = true;
  const bar = Object.assign(make("progress"), { max: 1, value: 0, hidden: true });
  bar.setAttribute("aria-label", "Baselines recorded");
  const said = make("p", "calibrate-said");
  said.setAttribute("role", "status");
  const row = make("div", "calibrate-row");
  row.append(field("Steps to compute", wished), start, stop);
  root.append(make("summary", "", "Calibrate for this model"), about, field("Prompts", prompts), row, bar, said);
  element.replaceChildren(root);

  root.addEventListener("toggle", () => {
    const steps = Number(/** @type {HTMLInputElement | null} */ (document.querySelector("#steps input"))?.value);
    if (root.open && !wished.value && steps > 2) wished.value = String(Math.round(SHARE * steps));
  });
  start.addEventListener("click", () => {
    start.disabled = true;
    const number = wished.value.trim() === "" ? null : wished.valueAsNumber;
    trigger("calibrate", { question: { prompts: prompts.value, wished: number, visitor: visitor() } });
  });
  stop.addEventListener("click", () => trigger("stop_calibrating", { visitor: visitor() }));
  watch("made", () => {
    const { state, text, share } = props.made;
    start.disabled = state === "running";
    stop.disabled = state !== "running";
    bar.hidden = state !== "running";
    bar.value = share;
    said.textContent = text;
    said.dataset.kind = state === "failed" ? "error" : "info";
  });
}

function field(name, input) {
  const made = make("label", "field", name);
  made.append(input);
  return made;
}
