// The Lab's codebook: the table, the switch for motion regularisation, and what stands in for a skipped step.
import { createTable } from "../shared/codebook-table.js";
import { make } from "../shared/format.js";

export function createCodebook({ state }) {
  const motion = Object.assign(make("input"), { type: "checkbox", id: "lab-motion" });
  const toggle = make("label", "lab-toggle");
  toggle.append(motion, make("span", "", "Motion regularisation, before and after"));
  motion.addEventListener("change", () => state.setMotion(motion.checked));
  state.on(["motion"], () => (motion.checked = state.motion));
  return createTable(state, "lab", toggle, createReuse(state));
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
