// The pinned decision of a step: why it was computed or reused, every term with the run's own numbers, and what follows.
// The codebook row that was looked up lights up with it, and the curve of the term that is pointed at.
import { make } from "../shared/format.js";

const APPLIED = " (not applied)";

/**
 * `pin(step)` is called to look at another step, 0 for none; `light({row, curve})` when something lights up.
 * @param {{ pin: (step: number) => void, light: (what: { row: number | null, curve: string }) => void }} on
 */
export function createDecision({ pin, light }) {
  const root = make("section", "decision");
  const title = make("h3");
  const close = make("button", "close", "×");
  const summary = make("p", "decision-summary");
  const terms = make("ol", "terms");
  const outcome = make("p", "outcome");
  const header = make("header");
  header.append(title, close);
  root.append(header, summary, terms, outcome);
  root.setAttribute("role", "region");
  root.setAttribute("aria-live", "polite");
  root.hidden = true;
  close.setAttribute("aria-label", "Close");
  close.addEventListener("click", () => pin(0));
  root.addEventListener("click", (event) => event.stopPropagation()); // it lies over the charts, which pin on a click

  let row = null;
  let shown = "";
  const show = (run, step) => {
    const record = run.accelerated[step - 1];
    const told = record?.explanation;
    root.hidden = !told;
    row = told && !run.edited ? told.row : null; // another codebook's rows are not those of this decision
    light({ row, curve: "" });
    const now = told ? `${run.id} ${step} ${told.summary} ${told.outcome}` : "";
    if (!told || now === shown) return;
    shown = now;
    const reused = record.computed === "none";
    title.textContent = `Step ${step}: ${reused ? "reused" : `computed${record.rate == null ? "" : `, cache rate ${record.rate}`}`}`;
    root.setAttribute("aria-label", `Decision of step ${step}`);
    summary.textContent = told.summary;
    if (reused) summary.append(" ", other(record.decidedBy.step));
    terms.hidden = !told.lines.length;
    terms.replaceChildren(...told.lines.map(term));
    outcome.textContent = told.outcome;
    outcome.hidden = !told.outcome;
  };
  const other = (step) => {
    const button = make("button", "quiet", `Step ${step}'s decision`);
    button.addEventListener("click", () => pin(step));
    return button;
  };
  const term = ({ curve, name, terms: sum, result, applied }) => {
    const line = make("li", `term ${curve}${applied ? "" : " unapplied"}`);
    const value = make("span", "sum", sum ? `${sum} = ` : "");
    value.append(make("b", "", result));
    line.tabIndex = 0;
    line.append(make("span", "term-name", applied ? name : name + APPLIED), value);
    for (const event of ["pointerenter", "focus"]) line.addEventListener(event, () => light({ row, curve }));
    for (const event of ["pointerleave", "blur"]) line.addEventListener(event, () => light({ row, curve: "" }));
    return line;
  };
  const hide = () => {
    root.hidden = true;
    shown = "";
    light({ row: null, curve: "" });
  };
  /** Beside a step of the charts, whichever side has room. */
  const beside = (left, right) => {
    const width = root.parentElement.clientWidth;
    const narrow = width < 2 * root.offsetWidth;
    const after = right + 12 + root.offsetWidth <= width;
    root.style.left = narrow ? "0" : `${after ? right + 12 : Math.max(left - 12 - root.offsetWidth, 0)}px`;
  };
  return { root, show, hide, beside };
}
