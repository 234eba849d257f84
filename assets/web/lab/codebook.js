// The Lab's codebook: the table, and the switch for motion regularisation.
import { createTable } from "../shared/codebook-table.js";
import { make } from "../shared/format.js";

export function createCodebook({ state }) {
  const motion = Object.assign(make("input"), { type: "checkbox", id: "lab-motion" });
  const toggle = make("label", "lab-toggle");
  toggle.append(motion, make("span", "", "Motion regularisation, before and after"));
  motion.addEventListener("change", () => state.setMotion(motion.checked));
  return createTable(state, "lab", toggle);
}
