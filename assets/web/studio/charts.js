// The charts: strips of branches, distance, cache rate, motion and seconds over one step axis, with one cursor through all of them.
import { sameRows } from "../shared/codebook-editing.js";
import { createBranches } from "./branches.js";
import { createDecision } from "./decision.js";
import { createGhost } from "./ghost.js";
import { createPlots } from "./plots.js";
import { createStrip } from "./strip.js";
import { createStepTip } from "./step-tip.js";
import { editing } from "./codebook-state.js";
import { make, number, unpack } from "../shared/format.js";

const NUMBERS = ["distance", "normalised", "regularised", "motion"];
const FACTOR = ["score", "gradient", "factor"]; // of an explanation
const STILL = 4; // pixels that a click may move

export function mount({ element, props, watch, trigger, server }) {
  const cursor = make("div", "cursor");
  const strip = createStrip();
  const branches = createBranches();
  const plots = createPlots();
  const tip = createStepTip();
  const decision = createDecision({
    pin: (step) => {
      pin(step);
      element.focus({ preventScroll: true }); // what was pressed may be gone
    },
    light: ({ row, curve }) => {
      plots.root.dataset.lit = curve;
      if (editing.lit === row) return;
      editing.lit = row;
      editing.tell("lit");
    },
  });
  const ghost = createGhost({ server, trigger, changed: () => haunt() });
  element.replaceChildren(branches.heading, strip.root, branches.root, ghost.root, plots.root, cursor, tip.root, decision.root);
  element.tabIndex = 0;
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", "Charts of every step: arrow keys go from step to step");

  let sent = unpack(props);
  let run = readRun(sent);
  let asked = 0;
  let edited = 0;
  let pointed = 0; // the step looked at, by mouse or keys; 0 is none
  let pinned = 0; // the step whose decision stays open
  const draw = () => {
    asked = 0;
    const before = run.id;
    sent = unpack(props);
    run = readRun(sent);
    if (run.id !== before) pin(0);
    ghost.follow(run);
    strip.draw(run);
    strip.root.classList.toggle("divided", branches.draw(run));
    plots.draw(run);
    element.dataset.steps = run.baseline.length + run.accelerated.length;
    element.dataset.state = run.state || "empty";
    if (pinned) pin(pinned);
    else if (pointed) point(pointed);
  };
  const show = () => (asked ||= requestAnimationFrame(() => setTimeout(draw))); // what was sent beside it is seen first
  watch("packed", show);
  editing.on(["codebook"], () => {
    edited ||= requestAnimationFrame(() => {
      edited = 0;
      run = readRun(sent);
      ghost.follow(run);
      if (pinned) pin(pinned);
    });
  });
  const haunt = () => {
    run.ghost = ghost.of(run);
    plots.overlay(run);
  };

  const point = (step) => {
    pointed = step >= 1 && step <= run.timesteps.length && !plots.dragging() ? step : 0;
    element.classList.toggle("pointing", pointed > 0);
    element.dataset.pointed = pointed;
    strip.point(pointed);
    branches.point(pointed);
    if (!pointed) return;
    const box = element.getBoundingClientRect();
    const [start, end] = [plots.left(step - 0.5) - box.left, plots.left(step + 0.5) - box.left];
    cursor.style.left = `${start}px`;
    cursor.style.width = `${end - start}px`;
    if (pinned) decision.beside(start, end);
    else tip.show(run, step);
  };
  /** Keep a step's decision open, 0 for none; steps without one cannot be pinned. */
  const pin = (step) => {
    pinned = run.accelerated[step - 1]?.explanation ? step : 0;
    element.classList.toggle("pinned", pinned > 0);
    element.dataset.pinned = String(pinned);
    if (pinned) decision.show(run, pinned);
    else decision.hide();
    point(pinned);
  };
  let pressed = { x: 0, y: 0 };
  element.addEventListener("pointerdown", (event) => (pressed = { x: event.clientX, y: event.clientY }));
  element.addEventListener("click", (event) => {
    const moved = Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y);
    const { step, inside } = plots.place(event.clientX);
    if (moved > STILL || !inside || event.target.closest(".chart-heading, .modebar")) return;
    pin(Math.round(step) === pinned ? 0 : Math.round(step));
  });
  element.addEventListener("pointermove", (event) => {
    if (pinned) return;
    const place = plots.place(event.clientX);
    point(place.inside && !event.target.closest(".chart-heading") ? Math.round(place.step) : 0);
    if (pointed) tip.beside(event.clientX, event.clientY);
  });
  element.addEventListener("pointerleave", () => pinned || point(0));
  element.addEventListener("blur", () => pinned || point(0));
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && pinned) {
      pin(0);
      element.focus({ preventScroll: true });
      return;
    }
    if (event.target !== element) return;
    if (event.key === "Enter" && pointed) {
      pin(pointed === pinned ? 0 : pointed);
      return;
    }
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
    if (pinned) {
      pin(next);
      return;
    }
    point(next);
    const box = cursor.getBoundingClientRect();
    if (pointed) tip.beside(box.right, element.getBoundingClientRect().top + 220);
  });
  show();
}

/** What was sent, as numbers, with the rate every step lives under. */
function readRun({ series, timesteps, used_codebook, regularised, token, title, branches, shorter, state, run, request_key, measured }) {
  const read = (record) => {
    const numbers = Object.fromEntries(NUMBERS.map((name) => [name, number(record[name])]));
    const factor = Object.fromEntries(FACTOR.map((name) => [name, number(record.explanation?.[name])]));
    return { ...record, ...numbers, ...factor };
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
    run: run ?? "", // its id once it is kept
    key: request_key ?? "", // of its request
    state: state ?? "",
    measured,
    ghost: null, // what would run with the codebook as it is edited
    title: title ?? "AdaCache",
    baseline: series?.baseline ?? [],
    accelerated,
    timesteps: timesteps ?? [],
    codebook,
    used_codebook: own,
    edited,
    done: state === "done",
    branches: { rows: [], windows: [], curves: [], threshold: 0, share: 0, of: 0, note: "", ...branches },
    shorter: shorter ?? 0, // steps of the accelerated side where it makes fewer
    regularised: Boolean(regularised),
    highest: Math.max(6, ...(codebook?.rates ?? []), ...(own?.rates ?? [])),
  };
}
