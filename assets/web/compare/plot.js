// Quality against cost, as the paper's Fig. 6: a colour a schedule, a shape a reuse, a line a family.
import { choose } from "../shared/choose.js";
import { createTip, heading } from "../shared/heading.js";
import { createFrame, label, line, mark, nearestPoint, rule, scale, ticks } from "../shared/svg.js";
import { make } from "../shared/format.js";

const GUTTER = { left: 56, right: 16, top: 8, bottom: 34 };
const REACH = 16;
const ROOM = 0.06; // of the range, around the outermost points
const COSTS = {
  speedup: ["Speedup", "speedup over the baseline", (point) => point.speedup, "×"],
  tflops: ["TFLOPs", "TFLOPs of a video", (point) => point.tflops, ""],
  memory: ["Cache", "memory of the cache (MB)", (point) => point.peak_cache_bytes / 1e6, ""],
};
const HELP =
  "Each mark is a method with one setting: a circle holds the last residual, a diamond extrapolates. Its whiskers are the " +
  "95 % interval of the mean over prompts and seeds, the short line below its worst decile. Against the converged " +
  "reference the baseline has an error of its own, drawn dashed: what lies beyond that line is no difference.";

export function createPlot(state) {
  const root = make("section", "compare-plot");
  const frame = createFrame("quality", GUTTER, (paper) => draw(paper), { title: "Quality against speed", read: () => read() });
  const tip = createTip(frame.root);
  let cost = "speedup";
  let place = null;
  const baseline = state.points.find(({ family }) => !family);
  const choices = make("span", "choices");
  choices.append(
    choose(state.metrics.map(({ id, title }) => [id, title]), () => state.metric, (id) => state.set("metric", id)),
    choose([["quality", "to baseline"], ["converged", "to converged"]], () => state.reference, (name) => state.set("reference", name)),
    choose(Object.entries(COSTS).map(([name, [title]]) => [name, title]), () => cost, (name) => {
      cost = name;
      frame.ask();
    }),
  );
  root.append(heading("Quality against cost", HELP, choices), frame.root);

  const draw = ({ sheet, width, height, left, top }) => {
    const [, axis, costOf, unit] = COSTS[cost];
    const metric = state.chosen();
    const points = state.visible().filter((point) => point.family && state.value(point) !== null && costOf(point) !== null);
    root.dataset.points = String(points.length);
    place = null;
    if (!points.length) {
      sheet.append(label(left + width / 2, top + height / 2, "Nothing to show: no point has this figure."));
      return;
    }
    const own = state.reference === "converged" && baseline ? state.value(baseline) : null;
    const low = (point) => (state.reference === "quality" ? point.worst[metric.id] : state.value(point));
    const [x0, x1] = range([...(cost === "speedup" ? [1] : []), ...points.map(costOf)]);
    const [y0, y1] = range([...points.map((point) => state.value(point)), ...points.map(low), ...(own === null ? [] : [own])]);
    const [bottom, upper] = metric.better === "higher" ? [top + height, top] : [top, top + height];
    const x = scale([x0, x1], [left, left + width]);
    const y = scale([y0, y1], [bottom, upper]);
    place = { points, x: (point) => x(costOf(point)), y: (point) => y(state.value(point)) };
    for (const value of ticks(x0, x1, width / 90)) {
      sheet.append(rule(x(value), top, x(value), top + height), label(x(value), top + height + 13, `${value}${unit}`));
    }
    for (const value of ticks(y0, y1, height / 44)) {
      sheet.append(rule(left, y(value), left + width, y(value)), label(left - 7, y(value) + 3.5, value, "end"));
    }
    sheet.append(label(left + width / 2, top + height + 28, axis, "middle", "axis-title"));
    const turned = label(0, 0, metric.unit ? `${metric.title} (${metric.unit})` : metric.title, "middle", "axis-title");
    turned.setAttribute("transform", `translate(${left - 42},${top + height / 2}) rotate(-90)`);
    sheet.append(turned);
    if (own !== null) {
      sheet.append(line([[left, y(own)], [left + width, y(own)]], "var(--baseline)", { dash: "5 4" }));
      sheet.append(label(left + width - 4, y(own) - 5, "the baseline's own error", "end"));
    }
    for (const family of new Set(points.map((point) => point.family))) {
      const mine = points.filter((point) => point.family === family && !point.own);
      const path = mine.map((point) => [place.x(point), place.y(point)]);
      sheet.append(line(path, state.colour(family), { width: 1.25, opacity: 0.45, dash: family.includes("+") ? "4 3" : "" }));
    }
    for (const point of points) {
      const [colour, at] = [state.colour(point.family), place.x(point)];
      if (state.reference === "quality" && point.name === state.looked) {
        const [least, most] = point.interval[metric.id] ?? [state.value(point), state.value(point)];
        const worst = y(point.worst[metric.id]);
        sheet.append(line([[at, y(least)], [at, y(most)]], colour, { width: 2 }), line([[at - 7, worst], [at + 7, worst]], colour, { width: 2 }));
        for (const run of point.schedules) {
          if (run.quality[metric.id] !== null) sheet.append(mark(at, y(run.quality[metric.id]), "circle", colour, 1.6));
        }
      }
      const symbol = point.family.includes("+") ? "diamond" : "circle";
      const drawn = mark(at, place.y(point), symbol, point.own ? "var(--panel)" : colour, point.name === state.looked ? 7 : 4.5);
      if (point.own) drawn.style.stroke = colour;
      sheet.append(drawn);
    }
  };
  const read = () => {
    const points = state.visible().filter(({ family }) => family);
    if (!points.length) return null;
    const families = new Set(points.map(({ family }) => family)).size;
    return { summary: `${points.length} operating points of ${families} families; the table below has their numbers` };
  };
  const nearest = (event) => {
    if (!place) return null;
    return nearestPoint(place.points, (point) => [place.x(point), place.y(point)], event, frame.root, REACH);
  };
  frame.root.addEventListener("pointermove", (event) => {
    const point = nearest(event);
    frame.root.classList.toggle("reachable", Boolean(point));
    if (!point) {
      tip.hide();
      return;
    }
    state.look(point.name);
    const figures = state.metrics.map(({ id, title, digits, unit }) => [title, told(state.value(point, id), digits, unit)]);
    const [slow, fast] = point.speedups;
    tip.show(event, [
      [point.name, `${point.speedup.toFixed(2)}×`],
      ["of single runs", `${slow.toFixed(2)} to ${fast.toFixed(2)}×`],
      ...figures,
      ["computed", `${Math.round(100 * point.computed_fraction)} %`],
    ]);
  });
  frame.root.addEventListener("pointerleave", tip.hide);
  state.on(frame.ask);
  return root;
}

function told(value, digits, unit) {
  return value === null ? "–" : `${value.toFixed(digits)} ${unit}`.trim();
}

/**
 * A range with room around the values.
 * @param {number[]} values
 * @returns {[number, number]}
 */
function range(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = ROOM * (high - low) || 0.5;
  return [low - room, high + room];
}
