// The distance curve: what the codebook looks up along each simulated schedule, over the bands of the thresholds, with
// the recorded change from step to step faintly behind. Square-root axis as in the Studio.
import { bandsOf } from "../shared/bands.js";
import { createFrameExport } from "../shared/frame-export.js";
import { identity } from "../shared/identity.js";
import { createTip, heading, key } from "../shared/heading.js";
import { createThresholds } from "../shared/thresholds.js";
import { createFrame, label, line, mark, scale, stepTicks, svg } from "../shared/svg.js";
import { colour as themed, make, significant } from "../shared/format.js";

export const GUTTER = { left: 64, right: 130, top: 8, bottom: 34 };
const HEADROOM = 1.3;
const BAND = 0.16; // opacity in an exported picture
const USUAL = 0.9; // the axis reaches this share of the looked-up distances; arrows stand for the rest
const HELP =
  "Dots are the distances looked up in computed steps, simulated; the band they fall in is the cache rate. " +
  "Drag a threshold, or focus it and use the arrow keys. Thin lines are the recorded change to the step before; " +
  "hollow marks a real run. Arrows at the top stand for larger distances. Square-root axis.";

export function createCurve(state) {
  const root = make("section", "lab-curve exportable");
  const area = make("div", "curve-area");
  const stage = make("div", "curve-stage");
  let top = 1;
  const frame = createFrame("curve", GUTTER, (paper) => draw(paper), { title: "Distance looked up", read: () => read() });
  stage.append(frame.root, area);
  const cursor = make("div", "cursor");
  stage.append(cursor);
  const tip = createTip(stage);
  root.append(heading("Distance looked up", HELP, key("simulated", "simulated"), key("recorded", "recorded, lag 1"), key("measured", "real run"), createFrameExport("Distance looked up", frame, () => bands())), stage);
  const thresholds = createThresholds(state, area);

  /** The axis holds the thresholds and most distances; only a new codebook or selection moves it. */
  const fit = () => {
    if (!state.ids().length) return;
    const lagOne = state.ids().flatMap((id) => fromStepToStep(state, id).map(([, value]) => value));
    lagOne.sort((one, other) => one - other);
    const usual = lagOne[Math.floor((lagOne.length - 1) * USUAL)] ?? 0;
    const highest = state.codebook.thresholds.at(-2) ?? state.codebook.thresholds[0];
    setTop(Math.max(highest * HEADROOM, usual * 1.1));
  };
  const setTop = (value) => {
    top = value;
    thresholds.setTop(top);
    frame.ask();
  };

  const draw = ({ sheet, width, height, left, top: upper }) => {
    if (!state.ids().length) return;
    const steps = state.steps();
    const x = scale([0.5, steps + 0.5], [left, left + width]);
    const squareRoot = scale([0, Math.sqrt(top)], [upper + height, upper]);
    const y = (value) => squareRoot(Math.sqrt(Math.min(value, top)));
    for (const step of stepTicks(steps, width)) sheet.append(label(x(step), upper + height + 13, step));
    sheet.append(label(left + width / 2, upper + height + 28, "step", "middle", "axis-title"));
    sheet.append(label(left - 8, upper + height + 3.5, "0", "end"));
    const alone = state.ids().length === 1;
    for (const [id, slot] of state.slots) {
      const recorded = fromStepToStep(state, id).map(([step, value]) => [x(step), y(value)]);
      const { colour } = identity(slot);
      sheet.append(line(recorded, alone ? "var(--baseline)" : colour, { width: 1, opacity: alone ? 0.7 : 0.4 }));
    }
    for (const [id, slot] of state.slots) {
      const { colour, dash, symbol } = identity(slot);
      const points = looked(state.answer?.runs[id]);
      sheet.append(line(points.map(([step, value]) => [x(step), y(value)]), colour, { width: 2, dash }));
      for (const [step, value] of points) sheet.append(mark(x(step), y(value), value > top ? "up" : symbol, colour, 4));
      for (const [step, value] of looked(state.realOf(id)?.run)) {
        const ring = mark(x(step), y(value), value > top ? "up" : symbol, "none", 6.5);
        Object.assign(ring.style, { stroke: "var(--ink)" });
        sheet.append(ring);
      }
    }
  };

  /** What is drawn behind the frame, for a file of its own. */
  const bands = () => {
    const box = frame.root.getBoundingClientRect();
    const [width, bottom] = [box.width - GUTTER.left - GUTTER.right, box.height - GUTTER.bottom];
    const squareRoot = scale([0, Math.sqrt(top)], [bottom, GUTTER.top]);
    return bandsOf(state.codebook, top).flatMap(({ low, high, rate, colour }, i) => {
      const [start, end] = [squareRoot(Math.sqrt(high)), squareRoot(Math.sqrt(low))];
      const place = { x: GUTTER.left, y: start, width, height: end - start, "fill-opacity": BAND };
      const text = { x: GUTTER.left + width + 8, y: (start + end) / 2 + 3.5, "font-size": 11, "font-family": "sans-serif" };
      const threshold = { ...text, x: GUTTER.left - 8, y: end + 3.5, "text-anchor": "end" };
      const ink = { fill: themed("ink-2") };
      const below = i ? [svg("text", threshold, ink, significant(low))] : [];
      return [svg("rect", place, { fill: colour }), svg("text", text, ink, `rate ${rate}`), ...below];
    });
  };
  const read = () => {
    if (!state.ids().length || !state.answer) return null;
    const runs = state.ids().map((id) => state.answer.runs[id]).filter(Boolean);
    const names = state.ids().map((id) => `Recording ${identity(state.slots.get(id)).letter}`);
    const found = runs.map((run) => new Map(looked(run)));
    const steps = Array.from({ length: state.steps() }, (_, i) => i + 1);
    return {
      summary: runs.map((run, i) => `${names[i]} computes ${run.computed.length} of ${state.steps()} steps, simulated`).join("; "),
      columns: ["Step", ...names],
      rows: steps.map((step) => [step, ...runs.map((run, i) => cell(run, found[i], step))]),
    };
  };
  const cell = (run, distances, step) => {
    if (!run.computed.includes(step)) return "reused";
    return distances.has(step) ? significant(distances.get(step)) : "computed, nothing looked up";
  };

  const at = (event) => {
    const box = frame.root.getBoundingClientRect();
    const width = box.width - GUTTER.left - GUTTER.right;
    const share = (event.clientX - box.left - GUTTER.left) / width;
    const step = Math.round(0.5 + share * state.steps());
    return { step, inside: share >= 0 && share <= 1 && step >= 1, left: GUTTER.left + ((step - 0.5) / state.steps()) * width };
  };
  const point = (event) => {
    if (!state.ids().length || !state.answer || thresholds.dragging()) return leave();
    const { step, inside, left } = at(event);
    if (!inside || step > state.steps()) return leave();
    cursor.style.left = `${left}px`;
    tip.show(event, [["step", String(step)], ...state.ids().flatMap((id) => describe(state, id, step))]);
  };
  const leave = () => tip.hide();
  stage.addEventListener("pointermove", point);
  stage.addEventListener("pointerleave", leave);

  state.on(["loaded"], fit);
  let fitted = "";
  state.on(["answer"], () => {
    if (!state.answered || fitted === state.answered.signal) return; // another signal has other units
    fitted = state.answered.signal;
    fit();
  });
  state.on(["codebook"], () => {
    const highest = state.codebook.thresholds.at(-2) ?? 0;
    if (highest > top) fit();
  });
  state.on(["answer", "selection", "real", "codebook"], frame.ask);
  return root;
}

/** [step, value] of the recorded run, each step against the one before: of the signal, or of the recorded residual. */
function fromStepToStep(state, id) {
  const between = state.answered?.signal === state.signal ? state.answer?.between?.[id] : null;
  if (between) return between.map((value, i) => [i + 1, value]).filter(([, value]) => value !== null);
  return state.signal ? [] : (state.measured[id] ?? []).slice(1).map((row, i) => [i + 2, row[0]]);
}

/** [step, value] of every computed step in which something was looked up. */
function looked(run) {
  if (!run?.computed) return [];
  return run.computed.map((step, i) => [step, run.looked[i]]).filter(([, value]) => value !== null && value !== undefined);
}

function describe(state, id, step) {
  const { letter } = identity(state.slots.get(id));
  const run = state.answer.runs[id];
  if (!run || step > state.recording(id).steps) return [];
  const i = run.computed.findLastIndex((computed) => computed <= step);
  if (run.computed[i] !== step) return [[`${letter} reuses`, `step ${run.computed[i]}`]];
  const value = run.looked[i];
  return [[`${letter} ${value === null ? "computed" : significant(value)}`, `rate ${run.rates[i]}`]];
}
