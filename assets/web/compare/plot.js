// Quality against speed, as the paper's Fig. 6: a line a family, a dot an operating point.
import { createTip, heading } from "../shared/heading.js";
import { createFrame, label, line, mark, nearestPoint, rule, scale, ticks } from "../shared/svg.js";
import { make } from "../shared/format.js";

const GUTTER = { left: 52, right: 16, top: 8, bottom: 34 };
const REACH = 16;
const ROOM = 0.06; // of the range, around the outermost points
const MEASURES = { psnr_db: "PSNR", ssim: "SSIM" };
const HELP =
  "Each dot is a method with one setting: how much faster than the baseline it denoises, and how close its videos come " +
  "to the baseline's. Further up and to the right is better. Lines join the settings of a family.";

export function createPlot(state) {
  const root = make("section", "compare-plot");
  const frame = createFrame("quality", GUTTER, (paper) => draw(paper), { title: "Quality against speed", read: () => read() });
  const tip = createTip(frame.root);
  let measure = "psnr_db";
  let place = null;
  const choice = make("span", "choice");
  for (const [name, title] of Object.entries(MEASURES)) {
    const button = make("button", "chip-button", title);
    button.setAttribute("aria-pressed", String(name === measure));
    button.addEventListener("click", () => {
      measure = name;
      for (const other of choice.children) other.setAttribute("aria-pressed", String(other === button));
      frame.ask();
    });
    choice.append(button);
  }
  root.append(heading("Quality against speed", HELP, choice), frame.root);

  const draw = ({ sheet, width, height, left, top }) => {
    const points = state.visible().filter(({ family }) => family);
    root.dataset.points = points.length;
    place = null;
    if (!points.length) return;
    const [x0, x1] = range([1, ...points.map(({ speedup }) => speedup)]);
    const [y0, y1] = range(points.map((point) => point[measure]));
    const x = scale([x0, x1], [left, left + width]);
    const y = scale([y0, y1], [top + height, top]);
    place = { points, x: ({ speedup }) => x(speedup), y: (point) => y(point[measure]) };
    for (const value of ticks(x0, x1, width / 90)) {
      sheet.append(rule(x(value), top, x(value), top + height), label(x(value), top + height + 13, `${value}×`));
    }
    for (const value of ticks(y0, y1, height / 44)) {
      sheet.append(rule(left, y(value), left + width, y(value)), label(left - 7, y(value) + 3.5, value, "end"));
    }
    sheet.append(label(left + width / 2, top + height + 28, "speedup over the baseline", "middle", "axis-title"));
    const turned = label(0, 0, measure === "ssim" ? "SSIM" : "PSNR (dB)", "middle", "axis-title");
    turned.setAttribute("transform", `translate(${left - 38},${top + height / 2}) rotate(-90)`);
    sheet.append(turned);
    for (const family of new Set(points.map((point) => point.family))) {
      const own = points.filter((point) => point.family === family);
      const path = own.map((point) => [place.x(point), place.y(point)]);
      sheet.append(line(path, state.colour(family), { width: 1.25, opacity: 0.5 }));
    }
    for (const point of points) {
      const radius = point.name === state.looked ? 7 : 4.5;
      sheet.append(mark(place.x(point), place.y(point), point.motion ? "diamond" : "circle", state.colour(point.family), radius));
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
    if (!point) return tip.hide();
    state.look(point.name);
    tip.show(event, [
      [point.name, `${point.speedup.toFixed(2)}×`],
      ["PSNR", `${point.psnr_db.toFixed(2)} dB`],
      ["SSIM", point.ssim.toFixed(4)],
      ["computed", `${Math.round(100 * point.computed_fraction)} %`],
    ]);
  });
  frame.root.addEventListener("pointerleave", tip.hide);
  state.on(frame.ask);
  return root;
}

function range(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = ROOM * (high - low) || 0.5;
  return [low - room, high + room];
}
