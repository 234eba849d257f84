// Runs side by side: what differs in their settings and in what was measured, their accelerated videos in sync, their
// schedules on one axis, and the distances they looked up over each other.
import { createExport } from "../shared/export.js";
import { createFrameExport } from "../shared/frame-export.js";
import { badge, identity } from "../shared/identity.js";
import { createFrame, label, line, mark, rule, scale, stepTicks, ticks } from "../shared/svg.js";
import { createPlayer } from "../studio/player.js";
import { createTransport, keepTogether, loopingVideo } from "../shared/together.js";
import { bytes, make, seconds, significant } from "../shared/format.js";

const GUTTER = { left: 64, right: 20, top: 8, bottom: 34 };
const FIGURES = [
  ["Speedup", (run) => `${run.speedup.toFixed(2)}×${run.reused ? " (earlier baseline)" : ""}`],
  ["Against it", (run) => run.doubts || "nothing"],
  ["Steps computed", (run) => `${run.computed}/${run.steps}`],
  ["Accelerated side", (run) => seconds(run.accelerated_seconds)],
  ["Baseline side", (run) => seconds(run.baseline_seconds)],
  ["Cache memory, peak", (run) => bytes(run.peak_cache_bytes)],
  ["Made", (run) => run.made],
];

export function createComparison() {
  const root = make("section", "runs-comparison");
  root.setAttribute("aria-label", "Comparison of runs");
  root.hidden = true;
  let part = () => {};
  const show = (answer) => {
    root.hidden = false;
    part();
    const seen = answer.runs.length === 2 ? pair(answer.runs) : several(answer.runs);
    part = seen.part;
    root.replaceChildren(heading(root, () => part()), seen.root, tables(answer), schedules(answer), curves(answer));
    root.scrollIntoView({ block: "nearest" });
  };
  return { root, show };
}

function heading(root, part) {
  const made = make("header", "comparison-heading");
  const close = make("button", "quiet", "Close");
  close.addEventListener("click", () => {
    root.hidden = true;
    part();
    root.replaceChildren(); // the videos end with it
  });
  made.append(make("h2", "", "Comparison"), close);
  return made;
}

/** Two videos, which can be wiped and subtracted. */
function pair(runs) {
  const viewer = make("div", "viewer");
  const frames = make("div", "frames");
  const captions = make("div", "captions");
  const { root, api_prefix } = window.gradio_config;
  const players = runs.map((run, slot) => {
    const frame = make("figure", `frame playable ${slot ? "accelerated" : "baseline"}`);
    const video = Object.assign(make("video", "video"), { muted: true, playsInline: true, preload: "auto" });
    video.setAttribute("aria-label", `Accelerated video of run ${identity(slot).letter}`);
    video.dataset.path = run.video;
    video.src = `${root}${api_prefix}/file=${run.video}`;
    frame.append(video, make("figcaption", "tag", identity(slot).letter));
    frames.append(frame);
    const caption = make("div", "comparison-caption");
    caption.append(badge(slot), make("q", "", run.prompt));
    captions.append(caption);
    return video;
  });
  viewer.append(frames, captions);
  viewer.style.setProperty("--aspect", Math.max(...runs.map((run) => run.aspect)));
  createPlayer(viewer, frames, ...players).load(true, runs[0].fps);
  const made = make("div", "comparison-videos");
  made.append(viewer);
  return { root: made, part: () => {} };
}

/** More than two, in a grid and in step. */
function several(runs) {
  const grid = make("div", "comparison-grid");
  const players = runs.map((run, slot) => {
    const figure = make("figure");
    const video = loopingVideo(run.video);
    video.setAttribute("aria-label", `Accelerated video of run ${identity(slot).letter}`);
    const caption = make("figcaption", "comparison-caption");
    caption.append(badge(slot), make("q", "", run.prompt));
    figure.append(video, caption);
    grid.append(figure);
    return video;
  });
  const made = make("div", "comparison-videos");
  made.append(grid, createTransport(players));
  return { root: made, part: keepTogether(players) };
}

function tables({ runs, differing }) {
  const made = make("div", "comparison-tables");
  const measured = [...FIGURES.map(([name, value]) => [name, ...runs.map(value)]), ...quality(runs)].filter(differs);
  const settings = differing.map(([name, ...values]) => [name[0].toUpperCase() + name.slice(1), ...values]);
  made.append(
    settings.length ? table("Settings that differ", settings) : make("p", "same", "The settings are the same."),
    measured.length ? table("Measured, where it differs", measured) : make("p", "same", "What was measured is the same."),
  );
  return made;
}

function differs([, ...values]) {
  return new Set(values).size > 1;
}

/** A row a metric: the value of each run against its own baseline, or why it has none. */
function quality(runs) {
  const shown = ({ value, unit, reason }) => (value ? `${value} ${unit}` : reason);
  return runs[0].quality.map(({ title }, place) => [`${title} to its baseline`, ...runs.map((run) => shown(run.quality[place]))]);
}

function table(title, rows) {
  const made = make("table", "exportable");
  const head = make("tr");
  const corner = make("th", "", title);
  const letters = rows[0].slice(1).map((_, slot) => identity(slot).letter);
  corner.append(createExport(title, { table: () => [[title, ...letters], ...rows] }));
  corner.scope = "col";
  head.append(corner);
  for (const slot of rows[0].slice(1).keys()) {
    const cell = make("th");
    cell.scope = "col";
    cell.append(badge(slot));
    head.append(cell);
  }
  made.append(head);
  for (const [name, ...values] of rows) {
    const row = make("tr");
    const first = make("th", "", name);
    first.scope = "row";
    row.append(first, ...values.map((value) => make("td", "", value)));
    made.append(row);
  }
  return made;
}

/** A line a run: solid where a step was computed, faint where it was reused, half where a part of it was. */
function schedules({ runs }) {
  const section = make("section", "comparison-schedules");
  section.append(make("h2", "", "Computed steps"));
  runs.forEach((run, slot) => {
    const made = make("div", "schedule");
    const cells = make("div", "cells");
    const steps = run.schedule.filter(({ computed }) => computed !== "none").map(({ step }) => step);
    cells.setAttribute("role", "img");
    cells.setAttribute("aria-label", `Run ${identity(slot).letter} computes ${steps.length} of ${run.schedule.length} steps: ${steps.join(", ")}`);
    cells.style.setProperty("--own", identity(slot).colour);
    for (const { computed } of run.schedule) cells.append(make("i", `cell ${{ all: "whole", none: "none" }[computed] ?? "part"}`));
    made.append(badge(slot), cells, make("span", "", `${run.computed}/${run.schedule.length}`));
    section.append(made);
  });
  return section;
}

function curves({ runs, steps }) {
  const made = make("section", "comparison-curves");
  const all = runs.flatMap((run) => run.curve.map(([, value]) => value));
  if (!all.length) return made;
  const highest = Math.sqrt(Math.max(...all)) || 1; // square-root axis, as in the Studio
  const frame = createFrame("comparison-distance", GUTTER, ({ sheet, width, height, left, top }) => {
    const x = scale([0.5, steps + 0.5], [left, left + width]);
    const y = scale([0, highest * 1.05], [top + height, top]);
    for (const value of ticks(0, highest, height / 40)) {
      const text = label(left - 8, y(value) + 3.5, significant(value ** 2), "end");
      sheet.append(rule(left, y(value), left + width, y(value)), text);
    }
    for (const step of stepTicks(steps, width)) sheet.append(label(x(step), top + height + 13, step));
    sheet.append(label(left + width / 2, top + height + 28, "step", "middle", "axis-title"));
    runs.forEach((run, slot) => {
      const { colour, symbol } = identity(slot);
      const points = run.curve.map(([step, value]) => [x(step), y(Math.sqrt(Math.max(value, 0)))]);
      sheet.append(line(points, colour), ...points.map(([px, py]) => mark(px, py, symbol, colour, 3.5)));
    });
  }, { title: "Distance looked up", read: () => readCurves(runs, steps) });
  made.classList.add("exportable");
  const title = make("header", "comparison-heading");
  title.append(make("h2", "", "Distance looked up in every computed step"), createFrameExport("Distances of runs", frame));
  made.append(title, frame.root);
  return made;
}

function readCurves(runs, steps) {
  const names = runs.map((_, slot) => `Run ${identity(slot).letter}`);
  const found = runs.map((run) => new Map(run.curve));
  return {
    summary: runs.map((run, slot) => `${names[slot]} computed ${run.computed} of ${run.steps} steps`).join("; "),
    columns: ["Step", ...names],
    rows: Array.from({ length: steps }, (_, i) => [i + 1, ...found.map((values) => (values.has(i + 1) ? significant(values.get(i + 1)) : "none"))]),
  };
}
