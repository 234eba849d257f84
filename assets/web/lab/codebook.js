// The Lab's codebook: the table, the switch for motion regularisation, what is looked up, and what stands in for a
// skipped step.
import { createTable } from "../shared/codebook-table.js";
import { make } from "../shared/format.js";

export function createCodebook({ state }) {
  const motion = Object.assign(make("input"), { type: "checkbox", id: "lab-motion" });
  const toggle = make("label", "lab-toggle");
  toggle.append(motion, make("span", "", "Motion regularisation, before and after"));
  motion.addEventListener("change", () => state.setMotion(motion.checked));
  state.on(["motion", "signal"], () => {
    motion.checked = state.motion;
    motion.disabled = Boolean(state.signal);
    toggle.title = state.signal ? "A latent signal has no motion" : "";
  });
  return createTable(state, "lab", toggle, createSignal(state), createReuse(state));
}

function createSignal(state) {
  const signal = Object.assign(make("select"), { id: "lab-signal" });
  signal.append(Object.assign(make("option", "", "The recorded residual"), { value: "" }));
  for (const name of state.signals) signal.append(Object.assign(make("option", "", titleOf(name)), { value: name }));
  signal.addEventListener("change", () => state.setSignal(signal.value));
  state.on(["signal"], () => (signal.value = state.signal));
  const field = make("label", "field", "Signal");
  field.title =
    "What the codebook looks up. Beyond the paper: the change of the velocity, of the expected clean latent, or the " +
    "error of a straight-line forecast of the velocity; times length: times the length of the step. The thresholds " +
    "are taken over for the same compute.";
  field.append(signal);
  return field;
}

function titleOf(signal) {
  const plain = signal.replace(/-length$/, "").replace("-", " ");
  const title = plain[0].toUpperCase() + plain.slice(1);
  return plain === signal.replace("-", " ") ? title : `${title}, times length`;
}

function createReuse(state) {
  const reuse = Object.assign(make("select"), { id: "lab-reuse" });
  for (const { id, title } of state.reuses) reuse.append(Object.assign(make("option", "", title), { value: id }));
  reuse.addEventListener("change", () => state.setReuse(reuse.value));
  state.on(["reuse"], () => (reuse.value = state.reuse));
  const field = make("label", "field", "In skipped steps");
  field.append(reuse);
  return field;
}
