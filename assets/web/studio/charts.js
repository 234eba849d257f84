// The charts: strip, distance, cache rate, motion and seconds over one step axis, with one cursor through all of them.
import { rateOf, sameRows } from "../shared/codebook-editing.js";
import { createPlots } from "./plots.js";
import { createStrip } from "./strip.js";
import { createStepTip } from "./step-tip.js";
import { editing } from "./codebook-state.js";
import { make, number } from "../shared/format.js";

const NUMBERS = ["distance", "normalised", "regularised", "motion", "motion_score", "motion_gradient"];

export function mount({ element, props, watch }) {
  const cursor = make("div", "cursor");
  const strip = createStrip();
  const plots = createPlots();
  const tip = createStepTip();
  element.replaceChildren(strip.root, plots.root, cursor, tip.root);
  element.tabIndex = 0;
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", "Charts of every step: arrow keys go from step to step");

  let run = readRun(props);
  let asked = 0;
  let edited = 0;
  let pointed = 0; // the step looked at, by mouse or keys; 0 is none
  const draw = () => {
    asked = 0;
    run = readRun(props);
    strip.draw(run);
    plots.draw(run);
    element.dataset.steps = run.baseline.length + run.accelerated.length;
    element.dataset.state = props.state ?? "empty";
    if (pointed) point(pointed);
  };
  const show = () => (asked ||= requestAnimationFrame(draw));
  watch(["series", "timesteps", "used_codebook", "formula", "regularised", "token", "title", "threshold", "shorter", "state"], show);
  editing.on(["codebook"], () => {
    edited ||= requestAnimationFrame(() => {
      edited = 0;
      run = readRun(props);
      plots.preview(run);
    });
  });
  show();

  const point = (step) => {
    pointed = step >= 1 && step <= run.timesteps.length && !plots.dragging() ? step : 0;
    element.classList.toggle("pointing", pointed > 0);
    element.dataset.pointed = pointed;
    strip.point(pointed);
    if (!pointed) return;
    const box = element.getBoundingClientRect();
    const start = plots.left(step - 0.5) - box.left;
    cursor.style.left = `${start}px`;
    cursor.style.width = `${plots.left(step + 0.5) - box.left - start}px`;
    tip.show(run, step);
  };
  element.addEventListener("pointermove", (event) => {
    const place = plots.place(event.clientX);
    point(place.inside ? Math.round(place.step) : 0);
    if (pointed) tip.beside(event.clientX, event.clientY);
  });
  element.addEventListener("pointerleave", () => point(0));
  element.addEventListener("blur", () => point(0));
  element.addEventListener("keydown", (event) => {
    if (event.target !== element) return;
    const last = run.timesteps.length;
    const next = {
      ArrowRight: Math.min(pointed + 1, last),
      ArrowLeft: pointed ? Math.max(pointed - 1, 1) : last,
      Home: 1,
      End: last,
      Escape: 0,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    point(next);
    const box = cursor.getBoundingClientRect();
    if (pointed) tip.beside(box.right, element.getBoundingClientRect().top + 220);
  });
}

/** The props as numbers, with the rate every step lives under and what the edited codebook would make of it. */
function readRun({ series, timesteps, used_codebook, formula, regularised, token, title, threshold, shorter }) {
  const read = (record) => {
    const numbers = Object.fromEntries(NUMBERS.map((name) => [name, number(record[name])]));
    return { ...record, ...numbers, motion_gradient: added(numbers.motion_gradient, formula) };
  };
  const accelerated = (series?.accelerated ?? []).map(read);
  let decided = null;
  for (const record of accelerated) {
    if (record.computed !== "none") decided = record;
    record.decidedBy = decided;
  }
  const own = used_codebook?.rates ? used_codebook : null; // none where the method has no codebook
  const codebook = own || !accelerated.length ? editing.codebook : null;
  const edited = Boolean(own && accelerated.length && !sameRows(codebook, own));
  return {
    id: token ?? "",
    title: title ?? "AdaCache",
    baseline: series?.baseline ?? [],
    accelerated,
    timesteps: timesteps ?? [],
    codebook,
    used_codebook: own,
    edited,
    threshold: threshold ?? 0,
    shorter: shorter ?? 0, // steps of the accelerated side where it makes fewer
    regularised: Boolean(regularised),
    highest: Math.max(6, ...(codebook?.rates ?? []), ...(own?.rates ?? [])),
    /** The rate a step would get instead of its own, 0 where it is the same. */
    differs: (record) => {
      if (!edited || record.row == null) return 0;
      const rate = rateOf(codebook, record.regularised);
      return rate === own.rates[record.row] ? 0 : rate;
    },
  };
}

/** What the motion gradient adds to the factor: its absolute value, but in the paper's formula with its sign. */
function added(gradient, formula) {
  return gradient == null || formula === "paper" ? gradient : Math.abs(gradient);
}
