// The heat map of change, step by block, of a recording that probed several blocks: how much each block's residual
// changes from one step to the next. One codebook decides for all of them.
import { createFrameExport } from "../shared/frame-export.js";
import { createTip, heading } from "../shared/heading.js";
import { createFrame, label, scale, stepTicks, svg } from "../shared/svg.js";
import { badge } from "../shared/identity.js";
import { GUTTER } from "./curve.js";
import { range, shades } from "./heat.js";
import { make, onTheme, significant } from "../shared/format.js";

const TITLE = "Change by block";
const HELP =
  "How much the residual of each probed block differs from that of the step before, in the recorded baseline: paper for " +
  "little change, ink for much, square-root scale. Recordings of several probe locations have it.";

export function createBlocks(state) {
  const root = make("section", "lab-blocks exportable");
  const title = make("span", "whose");
  const frame = createFrame("blocks", GUTTER, (paper) => draw(paper), { title: TITLE, read: () => read() });
  root.append(heading(TITLE, HELP, title, createFrameExport(TITLE, frame)), frame.root);
  const tip = createTip(frame.root);
  root.hidden = true;
  let cell = null; // block and step at a point of the chart, once it is drawn

  const draw = ({ sheet, width, height, left, top }) => {
    const blocks = state.blocks[state.focus] ?? [];
    cell = null;
    if (!blocks.length) return;
    const steps = blocks[0][1].length + 1;
    const shade = shades(/** @type {[number, number]} */ (range(blocks.map(([, changes]) => changes))));
    const x = scale([0.5, steps + 0.5], [left, left + width]);
    const y = scale([0, blocks.length], [top, top + height]);
    const [wide, high] = [x(1) - x(0), y(1) - y(0)];
    blocks.forEach(([block, changes], row) => {
      changes.forEach((change, i) => {
        const place = { x: x(i + 1.5), y: y(row), width: wide, height: high, "shape-rendering": "crispEdges" };
        sheet.append(svg("rect", place, { fill: shade(change) }));
      });
      sheet.append(label(left - 8, y(row + 0.5) + 3.5, `block ${block}`, "end"));
    });
    for (const step of stepTicks(steps, width)) sheet.append(label(x(step), top + height + 13, step));
    sheet.append(label(left + width / 2, top + height + 28, "step", "middle", "axis-title"));
    cell = (px, py) => [Math.floor((py - top) / high), Math.floor((px - left) / wide)];
  };
  const read = () => {
    const blocks = state.blocks[state.focus] ?? [];
    if (!blocks.length) return null;
    const all = blocks.flatMap(([, changes]) => changes);
    return {
      summary: `${blocks.length} blocks, between ${significant(Math.min(...all))} and ${significant(Math.max(...all))}`,
      columns: ["step", ...blocks.map(([block]) => `block ${block}`)],
      rows: blocks[0][1].map((_, i) => [i + 2, ...blocks.map(([, changes]) => significant(changes[i]))]),
    };
  };
  frame.root.addEventListener("pointermove", (event) => {
    const box = frame.root.getBoundingClientRect();
    const [row, i] = cell?.(event.clientX - box.left, event.clientY - box.top) ?? [];
    const [block, changes] = state.blocks[state.focus]?.[row] ?? [];
    if (changes?.[i - 1] === undefined) return tip.hide();
    tip.show(event, [
      ["block", String(block)],
      ["steps", `${i} to ${i + 1}`],
      ["change", significant(changes[i - 1])],
    ]);
  });
  frame.root.addEventListener("pointerleave", tip.hide);

  const show = () => {
    const blocks = state.blocks[state.focus] ?? [];
    root.hidden = blocks.length === 0;
    root.style.setProperty("--blocks", String(blocks.length));
    const recording = state.recording(state.focus);
    if (recording) title.replaceChildren(badge(state.slots.get(state.focus)), make("span", "", recording.prompt));
    frame.ask();
  };
  state.on(["selection", "focus"], show);
  onTheme(frame.ask);
  return root;
}
