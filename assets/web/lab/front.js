// The Pareto front of a family of codebooks over the selected recordings, by predicted PSNR with even steps beside it,
// or for older recordings by the change of the probe with the bound no schedule can beat. The present codebook is a
// dot. A press on a point loads its codebook; a wished speedup is calibrated for.
import { createFrameExport } from "../shared/frame-export.js";
import { createTip, heading, key } from "../shared/heading.js";
import { createFrame, label, line, mark, nearestPoint, rule, scale, ticks } from "../shared/svg.js";
import { make, significant } from "../shared/format.js";

const GUTTER = { left: 52, right: 14, top: 8, bottom: 34 };
const REACH = 14;
const ROOM = 1.06; // beyond the fastest point
const MOST_DB = 40; // on the axis, from the least good point up: close to the baseline the PSNR has no end
const HELP =
  "Each point is a codebook that no other of the family beats in both numbers, simulated on the selected recordings; " +
  "press one to load it. The dashed line are even steps of the same reuse, which a codebook has to lie above to be " +
  "worth its decisions. Where a recording keeps no velocities the axis is the change of the probe, and the line the " +
  "best that any schedule could do. The large dot is the present codebook.";

export function createFront({ state, server }) {
  const root = make("section", "lab-front exportable");
  const frame = createFrame("front", GUTTER, (paper) => draw(paper), { title: "Pareto front", read: () => read() });
  const tip = createTip(frame.root);
  const calibrate = createCalibrate(state, server);
  const note = make("span", "note", "computing");
  const dashed = key("bound", "even steps");
  const keys = [key("front", "codebooks"), dashed, key("now", "present")];
  root.append(heading("Pareto front", HELP, ...keys, note, createFrameExport("Pareto front", frame)), frame.root, calibrate);
  let place = null;

  const draw = ({ sheet, width, height, left, top }) => {
    const { points = [], bound, even = [], picture, error = "" } = state.front ?? {};
    note.textContent = error || "computing";
    note.classList.toggle("refused", Boolean(error));
    dashed.textContent = picture ? "even steps" : "optimal";
    root.classList.toggle("stale", Boolean(state.ids().length) && !state.frontIsCurrent());
    root.dataset.points = points.length;
    if (!points.length) return;
    const now = present();
    const shown = points.map((point) => ({ ...point, value: valueOf(point.loss) }));
    const xs = [...points.map((point) => point.speedup), now?.speedup ?? 1];
    const values = [...shown.map(({ value }) => value), ...(now ? [now.value] : [])];
    const right = Math.max(...xs) * ROOM;
    const lower = picture ? Math.min(...values) - 1 : 0;
    const upper = picture ? Math.min(Math.max(...values), lower + MOST_DB) + 1 : (Math.max(...values) || 1) * ROOM;
    const x = scale([1, right], [left, left + width]);
    const vertical = scale([lower, upper], [top + height, top]);
    const y = (value) => vertical(Math.min(value, upper));
    place = { points: shown.filter(({ value }) => value <= upper), x, y };
    for (const value of ticks(1, right, width / 70)) {
      sheet.append(rule(x(value), top, x(value), top + height), label(x(value), top + height + 13, `${value}×`));
    }
    for (const value of ticks(lower, upper, height / 40)) {
      sheet.append(rule(left, y(value), left + width, y(value)), label(left - 7, y(value) + 3.5, value, "end"));
    }
    sheet.append(label(left + width / 2, top + height + 28, "predicted speedup", "middle", "axis-title"));
    const turned = label(0, 0, picture ? "predicted PSNR (dB)" : "predicted error", "middle", "axis-title");
    turned.setAttribute("transform", `translate(${left - 38},${top + height / 2}) rotate(-90)`);
    const reference = picture ? even.filter(([, loss]) => valueOf(loss) <= upper) : bound;
    const inside = clip(reference, right).map(([speedup, loss]) => [x(speedup), y(valueOf(loss))]);
    sheet.append(turned, line(inside, "var(--ink-2)", { width: 1.5, dash: "4 3" }));
    for (const { speedup, value } of shown.filter((point) => point.value <= upper)) sheet.append(mark(x(speedup), y(value), "circle", "var(--front)", 3.6));
    if (now) sheet.append(mark(x(now.speedup), y(now.value), "circle", "var(--adacache)", 6.5));
  };
  /** A loss as the axis shows it: dB of the picture grow with quality, an error of the probe falls. */
  const valueOf = (loss) => (state.front?.picture ? -loss : loss);
  const spoken = (value) => (state.front?.picture ? `${value.toFixed(1)} dB` : significant(value));
  const present = () => {
    const mean = state.answer?.mean;
    const value = state.front?.picture ? mean?.db : mean?.error;
    return value == null ? null : { speedup: mean.speedup, value };
  };

  const read = () => {
    const { points = [] } = state.front ?? {};
    const now = present();
    if (!points.length) return null;
    const quantity = state.front.picture ? "PSNR" : "error";
    return {
      summary: now ? `The present codebook: speedup ${now.speedup.toFixed(2)}, ${quantity} ${spoken(now.value)}, predicted` : "",
      columns: ["Predicted speedup", `Predicted ${quantity}`, "Rates", "Thresholds"],
      rows: points.map((point) => [
        point.speedup.toFixed(2),
        spoken(valueOf(point.loss)),
        point.rates.join(" "),
        point.thresholds.map(significant).join(" "),
      ]),
    };
  };
  /** By keyboard: left and right go from point to point, Enter loads the one looked at. */
  let at = -1;
  frame.root.tabIndex = 0;
  frame.root.setAttribute("role", "group");
  frame.root.setAttribute("aria-label", "Pareto front: arrow keys go from codebook to codebook, Enter loads one");
  frame.root.addEventListener("keydown", (event) => {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!place || (!move && event.key !== "Enter")) return;
    event.preventDefault();
    const ordered = [...place.points].sort((one, other) => one.speedup - other.speedup);
    if (move) at = Math.min(Math.max(at + move, 0), ordered.length - 1);
    const point = ordered[at];
    if (!point) return;
    if (event.key === "Enter") return state.load(point);
    const box = frame.root.getBoundingClientRect();
    describe({ clientX: box.left + place.x(point.speedup), clientY: box.top + place.y(point.value) }, point);
  });
  frame.root.addEventListener("blur", () => tip.hide());

  const nearest = (event) => {
    if (!place) return null;
    return nearestPoint(place.points, (point) => [place.x(point.speedup), place.y(point.value)], event, frame.root, REACH);
  };
  frame.root.addEventListener("pointermove", (event) => {
    const point = nearest(event);
    frame.root.classList.toggle("reachable", Boolean(point));
    if (!point) return tip.hide();
    describe(event, point);
  });
  const describe = (where, point) =>
    tip.show(where, [
      ["speedup", `${point.speedup.toFixed(2)}×`],
      [state.front.picture ? "PSNR" : "error", spoken(point.value)],
      ["rates", point.rates.join(" ")],
      ["first threshold", significant(point.thresholds[0])],
    ]);
  frame.root.addEventListener("pointerleave", tip.hide);
  frame.root.addEventListener("click", (event) => {
    const point = nearest(event);
    if (point) state.load(point);
  });
  state.on(["front", "answer", "selection", "motion", "signal"], frame.ask);
  return root;
}

function createCalibrate(state, server) {
  const form = make("form", "lab-calibrate");
  const field = make("label", "", "Wished speedup");
  const wish = Object.assign(make("input"), { type: "number", step: "any", value: "2", id: "lab-wish" });
  field.append(wish);
  const button = make("button", "secondary", "Calibrate");
  button.id = "lab-calibrate";
  const words = make("p", "lab-message");
  words.setAttribute("role", "status");
  form.append(field, button, words);
  form.noValidate = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      const answer = await server.calibrated({ ...state.question(), speedup: wish.valueAsNumber });
      words.dataset.kind = answer.error ? "error" : "info";
      words.textContent = answer.error ?? answer.words;
      if (!answer.error) state.load(answer);
    } catch {
      words.dataset.kind = "error";
      words.textContent = "The server does not answer; the codebook is kept.";
    }
    button.disabled = false;
  });
  return form;
}

/** The part of the bound up to a speedup, with its last point on the edge. */
function clip(corners, right) {
  const inside = corners.filter(([speedup]) => speedup <= right);
  const [before, after] = [inside.at(-1), corners[inside.length]];
  if (!before || !after) return inside;
  const share = (right - before[0]) / (after[0] - before[0]);
  return [...inside, [right, before[1] + share * (after[1] - before[1])]];
}
