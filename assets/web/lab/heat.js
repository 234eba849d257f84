// The heat map of D, step by lag, of one recording, with the simulated schedule as a path over it: it climbs one lag
// with every reused step and falls to zero where a step is computed; dots are the cells that were looked up.
import { createFrameExport } from "../shared/frame-export.js";
import { badge } from "../shared/identity.js";
import { createTip, heading } from "../shared/heading.js";
import { createFrame, label, line, mark, scale, stepTicks, svg } from "../shared/svg.js";
import { colour, make, onTheme, rateColour, significant } from "../shared/format.js";

const GUTTER = { left: 40, right: 62, top: 4, bottom: 34 };
const HELP =
  "How much the probed residual of a step differs from that so many steps before (lag), in the recorded baseline. " +
  "The path is the simulated schedule: it climbs while a residual is reused and drops to 0 where it is computed; " +
  "dots are the distances looked up, coloured by the rate they chose.";

export function createHeat(state) {
  const root = make("section", "lab-heat exportable");
  const title = make("span", "whose");
  const canvas = make("canvas");
  let drawn = null; // what the canvas shows, so that dragging only redraws the path
  const frame = createFrame("heat", GUTTER, (paper) => draw(paper), { title: "Change by lag", read: () => read() });
  frame.root.prepend(canvas, make("i", "scale"));
  root.append(heading("Change by lag", HELP, title, createFrameExport("Change by lag", frame, () => cells(canvas, frame.root))), frame.root);
  const tip = createTip(frame.root);
  let place = null;

  const draw = ({ sheet, width, height, left, top }) => {
    const rows = state.measured[state.focus];
    if (!rows) return;
    const lags = rows.at(-1).length;
    const x = scale([0.5, rows.length + 0.5], [left, left + width]);
    const y = scale([-0.5, lags + 0.5], [top + height, top]);
    place = { rows, lags, x, y };
    const limits = range(rows);
    const asked = `${state.focus} ${width} ${height} ${document.body.classList.contains("dark")}`;
    if (drawn !== asked) paint(canvas, rows, lags, limits, { width, height, left, top });
    drawn = asked;
    for (const step of stepTicks(rows.length, width)) sheet.append(label(x(step), top + height + 13, step));
    for (const lag of lagTicks(lags)) sheet.append(label(left - 7, y(lag) + 3.5, lag, "end"));
    sheet.append(label(left + width / 2, top + height + 28, "step", "middle", "axis-title"));
    const turned = label(0, 0, "lag", "middle", "axis-title");
    turned.setAttribute("transform", `translate(${left - 28},${top + height / 2}) rotate(-90)`);
    sheet.append(turned, ...legend(limits, left + width + 29, top, height));
    path(sheet, state, rows.length, x, y);
  };

  const read = () => {
    const rows = state.measured[state.focus];
    if (!rows) return null;
    const [low, high] = range(rows);
    return {
      summary: `${state.recording(state.focus).prompt}: between ${significant(low)} and ${significant(high)} over ${rows.length} steps`,
      columns: ["Step", ...rows.at(-1).map((_, i) => `lag ${i + 1}`)],
      rows: rows.map((row, i) => [i + 1, ...rows.at(-1).map((_, lag) => (row[lag] === undefined ? "" : significant(row[lag])))]),
    };
  };

  frame.root.addEventListener("pointermove", (event) => {
    if (!place) return;
    const box = frame.root.getBoundingClientRect();
    const step = Math.round(inverse(place.x, event.clientX - box.left));
    const lag = Math.round(inverse(place.y, event.clientY - box.top));
    const distance = place.rows[step - 1]?.[lag - 1];
    if (distance === undefined) return tip.hide();
    tip.show(event, [
      ["steps", `${step - lag} to ${step}`],
      ["lag", String(lag)],
      ["distance", significant(distance)],
      ["per step", significant(distance / lag)],
    ]);
  });
  frame.root.addEventListener("pointerleave", tip.hide);
  const rename = () => {
    const recording = state.recording(state.focus);
    if (recording) title.replaceChildren(badge(state.slots.get(state.focus)), make("span", "", recording.prompt));
    frame.ask();
  };
  state.on(["selection", "focus"], rename);
  state.on(["answer"], frame.ask);
  onTheme(frame.ask);
  return root;
}

function path(sheet, state, steps, x, y) {
  const run = state.answer?.runs[state.focus];
  if (!run) return;
  const points = [];
  run.computed.forEach((step, i) => {
    const next = run.computed[i + 1] ?? steps + 1;
    for (let at = step; at < next; at++) points.push([x(at), y(at - step)]);
    if (next <= steps) points.push([x(next), y(next - step)], [x(next), y(0)]);
  });
  const highest = Math.max(...state.codebook.rates);
  sheet.append(line(points, "var(--panel)", { width: 4, opacity: 0.8 }), line(points, "var(--adacache)", { width: 2 }));
  run.computed.slice(1).forEach((step, i) => {
    const dot = mark(x(step), y(step - run.computed[i]), "circle", rateColour(run.rates[i + 1], highest), 4.5);
    dot.style.stroke = "var(--adacache)";
    sheet.append(dot);
  });
}

function paint(canvas, rows, lags, limits, { width, height, left, top }) {
  const ratio = window.devicePixelRatio;
  Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  Object.assign(canvas.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
  const brush = canvas.getContext("2d");
  const shade = shades(limits);
  const [wide, high] = [canvas.width / rows.length, canvas.height / (lags + 1)];
  rows.forEach((row, i) =>
    row.forEach((distance, j) => {
      brush.fillStyle = shade(distance);
      const [x0, y0] = [Math.round(i * wide), Math.round(canvas.height - (j + 2) * high)];
      brush.fillRect(x0, y0, Math.round((i + 1) * wide) - x0, Math.round(canvas.height - (j + 1) * high) - y0);
    }),
  );
}

/** The cells and their scale as the page draws them below the path, for an export. */
function cells(canvas, root) {
  const { offsetLeft: x, offsetTop: y, offsetWidth: width, offsetHeight: height } = canvas;
  const shaded = svg("linearGradient", { id: "heat-scale", x1: 0, x2: 0, y1: 1, y2: 0 });
  const [low, high] = ["heat-low", "heat-high"].map((name, at) => svg("stop", { offset: at, "stop-color": colour(name) }));
  shaded.append(low, high);
  const strip = root.querySelector(".scale");
  const place = { x: strip.offsetLeft, y: strip.offsetTop, width: strip.offsetWidth, height: strip.offsetHeight };
  return [
    svg("image", { href: canvas.toDataURL(), x, y, width, height }, { imageRendering: "pixelated" }),
    shaded,
    svg("rect", { ...place, fill: "url(#heat-scale)" }),
  ];
}

/** Slate, as everything of the baseline: paper for little change, ink for much; square-root scale. */
export function shades([low, high]) {
  const ends = [colour("heat-low"), colour("heat-high")];
  const [from, to] = ends.map((hex) => [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16)));
  const reach = Math.sqrt(high) - Math.sqrt(low) || 1;
  return (distance) => {
    const share = Math.min(Math.max((Math.sqrt(distance) - Math.sqrt(low)) / reach, 0), 1);
    return `rgb(${from.map((value, i) => Math.round(value + (to[i] - value) * share)).join(",")})`;
  };
}

/** Smallest and 98th percentile: the first steps change by far the most. */
export function range(rows) {
  const sorted = rows.flat().sort((one, other) => one - other);
  return [sorted[0], sorted[Math.floor((sorted.length - 1) * 0.98)]];
}

function legend(limits, x, top, height) {
  const [low, high] = limits;
  return [0, 0.5, 1].map((share) => {
    const value = (Math.sqrt(low) + share * (Math.sqrt(high) - Math.sqrt(low))) ** 2;
    const y = top + height * (1 - share) + [0, 3.5, 9][share * 2];
    return label(x, y, significant(Number(value.toPrecision(2))), "start");
  });
}

function lagTicks(lags) {
  const step = lags > 14 ? Math.ceil(lags / 6) : 2;
  return Array.from({ length: Math.floor(lags / step) + 1 }, (_, i) => i * step);
}

function inverse(map, pixel) {
  const [zero, one] = [map(0), map(1)];
  return (pixel - zero) / (one - zero);
}
