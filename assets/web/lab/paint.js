// Paint a schedule: press or drag over the steps to compute or reuse them, lock some, and see what it is predicted to
// save and to cost. A tall bar is a computed step, a low one reuses, a square on top is a lock.
import { badge } from "../shared/identity.js";
import { heading, key } from "../shared/heading.js";
import { latest, same } from "../shared/codebook-editing.js";
import { createPaintNumbers } from "./paint-numbers.js";
import { createPaintTools } from "./paint-tools.js";
import { createScheduleEditing, servedSteps } from "./schedule-editing.js";
import { faded, make, rateColour } from "../shared/format.js";

const HELP =
  "It begins as the codebook's schedule of the recording in front. Press a step or drag over several to compute or reuse " +
  "them; by keyboard: arrows and space, with Shift the arrows paint on, L locks. Locked steps stay as they are, also when " +
  "the rest is searched. Colours are those of the cache rates: for how many steps a computed one serves. All numbers " +
  "here are predicted from the recordings.";

export function createPaint({ state, server, trigger, props, watch, run }) {
  const root = make("section", "lab-paint");
  const whose = make("span", "whose");
  const strip = make("div", "paint-strip");
  strip.setAttribute("role", "group");
  const real = make("div", "paint-real");
  const axis = make("div", "paint-axis");
  axis.setAttribute("aria-hidden", "true");
  const board = make("div", "paint-board");
  board.append(strip, real, axis);
  const schedule = createScheduleEditing(() => changed());
  const painting = { schedule, answer: null, error: "", locking: false, question: () => question(), ids: () => ids(), follow: () => follow() };
  const figures = createPaintNumbers({ state, painting });
  const tools = createPaintTools({ state, server, trigger, props, watch, run, painting, show: () => show() });
  const area = make("div", "paint-area");
  area.append(board, figures.root);
  const keys = [key("computes", "computed"), key("reuses", "reused"), key("locks", "locked")];
  root.append(heading("Paint a schedule", HELP, make("span", "simulated-note", "simulated"), ...keys, whose), area, tools.root);

  /** The selected recordings that have as many steps as the one in front. */
  const ids = () => state.ids().filter((id) => state.recording(id).steps === schedule.drawing.computed.length);
  const question = () => ({ ids: ids(), motion: state.motion, reuse: state.reuse, computed: schedule.computed() });
  let answered = null;
  const refresh = latest((asked) => server.painted(asked), (answer, asked) => {
    painting.error = answer.error ?? "";
    if (!answer.error) painting.answer = answer;
    answered = asked;
    show();
  });
  const changed = () => {
    show();
    if (schedule.drawing.own && ids().length) refresh(question());
  };
  const follow = () => {
    const codebook = state.answer?.runs[state.focus];
    if (codebook) schedule.follow(state.recording(state.focus).steps, codebook.computed);
  };

  const show = () => {
    const { own, computed, locked } = schedule.drawing;
    if (!own && state.answer) Object.assign(painting, { answer: state.answer, error: "" });
    root.dataset.settled = String(!own || same(answered, question()));
    root.dataset.own = String(own);
    while (strip.childElementCount > computed.length) strip.lastChild.remove();
    while (strip.childElementCount < computed.length) strip.append(createCell(strip.childElementCount + 1));
    const highest = Math.max(6, ...state.codebook.rates);
    let rate = 1;
    computed.forEach((computes, i) => {
      if (computes) rate = servedSteps(computed, i + 1);
      const cell = strip.children[i];
      cell.className = `paint-cell ${computes ? "computed" : "reused"}${locked[i] ? " locked" : ""}`;
      cell.setAttribute("aria-checked", String(computes));
      cell.setAttribute("aria-label", said(i + 1, computes, locked[i]));
      cell.firstChild.style.background = computes ? rateColour(rate, highest) : faded(rateColour(rate, highest), 0.45);
    });
    strip.classList.toggle("dense", computed.length > 60);
    strip.setAttribute("aria-label", `Painted schedule of ${computed.length} steps: checked steps are computed`);
    const recording = state.recording(state.focus);
    if (recording) whose.replaceChildren(badge(state.slots.get(state.focus)), make("span", "", recording.prompt));
    drawAxis(axis, computed.length);
    drawReal(real, state.realPainted[state.focus], question(), state.focus);
    figures.show();
    tools.show();
  };

  paintByPointer(strip, painting);
  paintByKeys(strip, painting);
  state.on(["answer", "focus", "selection"], follow);
  state.on(["reuse"], () => changed());
  state.on(["paint"], () => {
    schedule.take({ steps: state.recording(state.focus).steps, computed: state.toPaint, locked: [] });
    root.scrollIntoView({ block: "nearest" });
  });
  state.on(["real"], show);
  return root;
}

function createCell(step) {
  const cell = make("button", "paint-cell");
  cell.type = "button";
  cell.setAttribute("role", "checkbox");
  cell.tabIndex = step === 1 ? 0 : -1;
  cell.append(make("i"));
  return cell;
}

function said(step, computes, locked) {
  const how = step === 1 ? "always computed" : computes ? "computed" : "reused";
  return `Step ${step}, ${how}${locked ? ", locked" : ""}`;
}

/** A press begins a gesture that does to every step it passes what it does to the first. */
function paintByPointer(strip, painting) {
  const { schedule } = painting;
  let gesture = null; // what the press does, and the last step it passed
  const stepAt = (event) => {
    const box = strip.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    return Math.min(Math.max(Math.ceil(share * strip.childElementCount), 1), strip.childElementCount);
  };
  strip.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    const step = stepAt(event);
    const { computed, locked } = schedule.drawing;
    const locks = painting.locking;
    gesture = { locks, value: locks ? !locked[step - 1] : !computed[step - 1], last: step };
    schedule.begin();
    act(step);
    strip.setPointerCapture(event.pointerId);
    focusOn(strip, step);
    event.preventDefault();
  });
  strip.addEventListener("pointermove", (event) => {
    if (!gesture) return;
    const step = stepAt(event);
    for (let at = gesture.last; at !== step; ) act((at += Math.sign(step - at)));
    gesture.last = step;
  });
  const act = (step) => (gesture.locks ? schedule.lock(step, gesture.value) : schedule.paint(step, gesture.value));
  for (const end of ["pointerup", "pointercancel"]) strip.addEventListener(end, () => (gesture = null));
}

function paintByKeys(strip, painting) {
  const { schedule } = painting;
  strip.addEventListener("keydown", (event) => {
    const cells = [...strip.children];
    const at = cells.indexOf(event.target) + 1;
    if (!at || event.ctrlKey || event.metaKey || event.altKey) return;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 1, End: cells.length }[event.key];
    const { computed, locked } = schedule.drawing;
    if (to) {
      const step = Math.min(Math.max(to, 1), cells.length);
      if (event.shiftKey && event.key.startsWith("Arrow")) {
        schedule.begin();
        schedule.paint(step, computed[at - 1]);
      }
      focusOn(strip, step);
    } else if (event.key === " " || event.key === "Enter") {
      schedule.begin();
      if (painting.locking) schedule.lock(at, !locked[at - 1]);
      else schedule.paint(at, !computed[at - 1]);
    } else if (event.key.toLowerCase() === "l") {
      schedule.begin();
      schedule.lock(at, !locked[at - 1]);
    } else return;
    event.preventDefault();
  });
}

/** One step of the strip is reached by Tab, the others by arrows. */
function focusOn(strip, step) {
  for (const [i, cell] of [...strip.children].entries()) cell.tabIndex = i === step - 1 ? 0 : -1;
  strip.children[step - 1].focus({ preventScroll: true });
}

function drawAxis(axis, steps) {
  if (axis.childElementCount === steps) return;
  const every = steps > 200 ? 100 : steps > 60 ? 20 : 5;
  axis.replaceChildren(...Array.from({ length: steps }, (_, i) => make("span", "", i === 0 || (i + 1) % every === 0 ? String(i + 1) : "")));
}

/** What a real run of exactly this schedule computed. */
function drawReal(root, real, question, focus) {
  const shown = real && same(real.question, { ...question, ids: [focus] });
  root.hidden = !shown;
  if (!shown) return;
  const steps = root.parentElement.firstChild.childElementCount;
  const computed = new Set(real.run.computed);
  const cells = Array.from({ length: steps }, (_, i) => {
    if (i >= real.made) return make("i");
    const differs = computed.has(i + 1) !== real.simulated.includes(i + 1);
    return make("i", `${computed.has(i + 1) ? "computed" : "reused"}${differs ? " differs" : ""}`);
  });
  root.replaceChildren(...cells);
}
