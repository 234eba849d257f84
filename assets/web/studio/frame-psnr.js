// PSNR of every frame, below the player and in step with it: the frame shown is marked, a press goes to another.
import { createFrameExport } from "../shared/frame-export.js";
import { explained } from "../shared/heading.js";
import { createFrame, label, line, mark, rule, scale, svg, ticks } from "../shared/svg.js";
import { make } from "../shared/format.js";

const TITLE = "PSNR per frame";
const GUTTER = { left: 34, right: 10, top: 8, bottom: 18 };
const MOST_DOTS = 120;
const HELP =
  "Each frame of the accelerated video against the same frame of the baseline; their mean is the PSNR of the run. " +
  "The marked frame is the one shown; press or drag to go to another. 100 dB stands for equal frames. " +
  "Frames of an earlier clip that a run goes on from are not measured.";

/** `go` shows a frame, counted from 0. */
export function createFramePsnr(go) {
  const root = make("section", "frame-psnr exportable");
  const heading = make("header");
  const note = make("span", "note");
  const frame = createFrame("frame-psnr-chart", GUTTER, (paper) => draw(paper), { title: TITLE, read: () => read() });
  heading.append(make("h2", "", TITLE), ...explained(TITLE, HELP), note, createFrameExport(TITLE, frame));
  root.append(heading, frame.root);
  const cursor = svg("line", { class: "frame-cursor" });
  const dot = mark(0, 0, "circle", "var(--ink)", 5);
  let values = [];
  let measured = true; // false for a finished run of an older version
  let earlier = 0; // frames of the video before the first that was measured
  let shown = 0; // frame of the video, from 0
  let place = null; // pixels of the axes, once they are drawn

  const draw = ({ sheet, width, height, left, top }) => {
    place = null;
    if (!values.length) return;
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const room = Math.max((high - low) * 0.12, 0.25);
    const x = scale([-0.5, values.length - 0.5], [left, left + width]);
    const y = scale([low - room, high + room], [top + height, top]);
    place = { x, y, left, width, top, height };
    for (const value of ticks(low - room, high + room, Math.max(height / 28, 3))) {
      sheet.append(rule(left, y(value), left + width, y(value)), label(left - 6, y(value) + 3.5, value, "end"));
    }
    const every = Math.max(Math.ceil(values.length / (width / 40)), 1);
    for (let i = 0; i < values.length; i += every) sheet.append(label(x(i), top + height + 13, earlier + i + 1));
    const points = values.map((value, i) => [x(i), y(value)]);
    sheet.append(cursor, line(points, "var(--adacache)"));
    if (points.length <= MOST_DOTS) sheet.append(...points.map(([px, py]) => mark(px, py, "circle", "var(--adacache)", 2.5)));
    sheet.append(dot);
    follow();
  };
  const follow = () => {
    const at = shown - earlier; // among the values
    const value = values[at];
    const before = at < 0 && values.length ? `frame ${shown + 1}: of the earlier clip` : "";
    note.textContent = value === undefined ? (measured ? before : "not measured in this run") : `frame ${shown + 1}: ${value.toFixed(2)} dB`;
    root.dataset.frame = value === undefined ? "" : String(shown + 1);
    cursor.classList.toggle("away", value === undefined);
    dot.classList.toggle("away", value === undefined);
    if (!place || value === undefined) return;
    const { x, y, top, height } = place;
    for (const [name, to] of Object.entries({ x1: x(at), x2: x(at), y1: top, y2: top + height })) cursor.setAttribute(name, String(to));
    dot.setAttribute("transform", `translate(${x(at)},${y(value)})`);
  };
  const read = () =>
    values.length === 0
      ? null
      : {
          summary: `between ${Math.min(...values).toFixed(2)} and ${Math.max(...values).toFixed(2)} dB over ${values.length} frames`,
          columns: ["frame", "PSNR in dB"],
          rows: values.map((value, i) => [earlier + i + 1, Number(value.toFixed(4))]),
        };

  const seek = (event) => {
    if (!place || !(event.buttons & 1)) return;
    const share = (event.clientX - frame.root.getBoundingClientRect().left - place.left) / place.width;
    go(earlier + Math.min(Math.max(Math.floor(share * values.length), 0), values.length - 1));
  };
  frame.root.addEventListener("pointerdown", (event) => {
    frame.root.setPointerCapture(event.pointerId);
    seek(event);
  });
  frame.root.addEventListener("pointermove", seek);

  /**
   * The values of a finished run, none before, and the frames of an earlier clip before them; `done` tells a run
   * without values from one that has not been compared yet.
   */
  const show = (found, done, before) => {
    earlier = before;
    if (found === values && measured === (found.length > 0 || !done)) return;
    values = found;
    measured = found.length > 0 || !done;
    shown = Math.min(shown, Math.max(earlier + values.length - 1, 0));
    root.classList.toggle("empty", values.length === 0);
    follow();
    frame.ask();
  };
  /** Mark the frame that the player shows. */
  const markFrame = (at) => {
    shown = at;
    follow();
  };
  return { root, show, mark: markFrame };
}
