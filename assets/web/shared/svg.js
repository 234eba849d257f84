// Small SVG charts: a frame with gutters that redraws when its size changes, lines, symbols and ticks.
// Own drawing instead of Plotly, because a redraw has to fit between two moves of the mouse.
import { make } from "./format.js";
import { createReadable } from "./readable.js";

const SYMBOLS = {
  circle: (r) => `M${-r},0a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0`,
  square: (r) => `M${-r},${-r}h${2 * r}v${2 * r}h${-2 * r}z`,
  diamond: (r) => `M0,${-1.3 * r}L${1.3 * r},0L0,${1.3 * r}L${-1.3 * r},0z`,
  down: (r) => `M${-1.2 * r},${-r}h${2.4 * r}L0,${1.2 * r}z`,
  up: (r) => `M${-1.2 * r},${r}h${2.4 * r}L0,${-1.2 * r}z`,
  plus: (r) => `M${-r / 2.5},${-1.2 * r}h${r / 1.25}v${0.8 * r}h${0.8 * r}v${r / 1.25}h${-0.8 * r}v${0.8 * r}h${-r / 1.25}v${-0.8 * r}h${-0.8 * r}v${-r / 1.25}h${0.8 * r}z`,
  cross: (r) => `M${-r},${-r * 0.5}L${-r * 0.5},${-r}L0,${-r * 0.5}L${r * 0.5},${-r}L${r},${-r * 0.5}L${r * 0.5},0L${r},${r * 0.5}L${r * 0.5},${r}L0,${r * 0.5}L${-r * 0.5},${r}L${-r},${r * 0.5}L${-r * 0.5},0z`,
};

/** An SVG element; `style` may name CSS variables, which attributes cannot. */
export function svg(tag, attributes = {}, style = {}, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  Object.assign(made.style, style);
  if (text) made.textContent = text;
  return made;
}

/** A chart area: `draw(paper)` runs whenever it is asked for and whenever the size changes; `reading` is { title, read } of readable.js. */
export function createFrame(name, gutter, draw, reading = null) {
  const root = make("div", `frame-chart ${name}`);
  const sheet = svg("svg", { width: "100%", height: "100%" });
  root.append(sheet);
  const readable = reading ? createReadable(sheet, reading.title, reading.read) : null;
  if (readable) root.append(readable.root);
  let asked = 0;
  let size = [0, 0]; // measured when it changes: asking for it between two charts' drawings lays the page out each time
  const redraw = () => {
    asked = 0;
    if (!size[0] || !size[1]) return;
    const width = size[0] - gutter.left - gutter.right;
    const height = size[1] - gutter.top - gutter.bottom;
    sheet.replaceChildren();
    draw({ sheet, width, height, ...gutter });
    readable?.ask();
  };
  const ask = () => (asked ||= requestAnimationFrame(redraw));
  new ResizeObserver(() => {
    size = [root.clientWidth, root.clientHeight];
    ask();
  }).observe(root);
  return { root, ask, sheet, read: reading?.read };
}

/** Maps numbers linearly onto pixels. */
export function scale([low, high], [start, end]) {
  return (value) => start + ((value - low) / (high - low)) * (end - start);
}

export function line(points, colour, { width = 1.5, dash = "", opacity = 1 } = {}) {
  const path = points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");
  const attributes = { d: path, fill: "none", "stroke-width": width, "stroke-linejoin": "round", opacity };
  return svg("path", dash ? { ...attributes, "stroke-dasharray": dash } : attributes, { stroke: colour });
}

export function mark(x, y, symbol, colour, radius = 4) {
  const shape = { d: SYMBOLS[symbol](radius), transform: `translate(${x.toFixed(1)},${y.toFixed(1)})` };
  return svg("path", { ...shape, "stroke-width": 1.25 }, { fill: colour, stroke: "var(--panel)" });
}

export function label(x, y, text, anchor = "middle", className = "tick") {
  return svg("text", { x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor, class: className }, {}, text);
}

export function rule(x0, y0, x1, y1, className = "grid") {
  return svg("line", { x1: x0, y1: y0, x2: x1, y2: y1, class: className });
}

/** The point drawn nearest to the pointer, none where all are further away than `reach` pixels. */
export function nearestPoint(points, place, event, root, reach) {
  const box = root.getBoundingClientRect();
  const away = (point) => {
    const [x, y] = place(point);
    return Math.hypot(x - event.clientX + box.left, y - event.clientY + box.top);
  };
  const best = points.reduce((one, other) => (away(other) < away(one) ? other : one));
  return away(best) < reach ? best : null;
}

/** Round values within a range, about `count` of them. */
export function ticks(low, high, count) {
  const raw = (high - low) / Math.max(count, 1);
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * size).find((candidate) => candidate >= raw * 0.99);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(10)));
}

/** Step numbers worth naming on an axis of so many pixels. */
export function stepTicks(steps, width) {
  return ticks(1, steps, Math.max(Math.floor(width / 48), 2)).map(Math.round).filter((step) => step >= 1);
}
