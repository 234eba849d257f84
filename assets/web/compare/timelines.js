// Timelines: a barcode a method on one axis, as wide as each step took or computed, with its quality and last frame.
// A press shows the run in the Studio.
import { choose } from "../shared/choose.js";
import { heading } from "../shared/heading.js";
import { make, seconds } from "../shared/format.js";
import { openRun } from "../shared/open-run.js";
import { loopingVideo } from "../shared/together.js";
import { ticks } from "../shared/svg.js";

const HELP =
  "A barcode a run, a cell a step: as wide as the step took in seconds, or as much as it computed, in whole steps of the " +
  "baseline. Solid is computed, pale reused, in between a part of the branches. All share one axis. Seconds are those " +
  "measured when each run was made. The picture is the last frame; press a line to see its run in the Studio.";
const PALE = 0.18; // opacity of a step that reuses everything
const TICKS = 6;

export function createTimelines(state, failed) {
  const root = make("section", "timelines");
  let measure = "seconds";
  let shown = { points: [], whole: null, baseline: "" };
  const choice = choose([["seconds", "Seconds"], ["compute", "Compute"]], () => measure, (name) => {
    measure = name;
    draw();
  });
  const list = make("div", "timeline-list");
  const axis = make("div", "timeline-axis");
  root.append(heading("Barcodes on one axis", HELP, choice), list, axis);
  root.hidden = true;
  const draw = () => {
    const { points, whole, baseline } = shown;
    root.hidden = !points.length;
    if (!points.length) return;
    const lines = [{ name: "Baseline", timeline: whole, video: baseline }, ...points];
    const total = Math.max(...lines.map(({ timeline }) => sum(timeline[measure])));
    list.replaceChildren(...lines.map((line) => createLine(state, line, measure, total, failed)));
    axis.replaceChildren(...createAxis(total, measure, points[0].timeline.unit));
  };
  const show = (points, whole, baseline) => {
    const now = { points, whole, baseline };
    if (JSON.stringify(now) === JSON.stringify(shown)) return; // videos would begin anew
    shown = now;
    draw();
  };
  let drawn = "";
  state.on(() => {
    const look = state.metric + document.body.className;
    if (look !== drawn) draw();
    drawn = look;
  });
  return { root, show };
}

function createLine(state, point, measure, total, failed) {
  const { name, family, timeline, video, run, quality } = point;
  const line = make(run ? "button" : "div", "timeline");
  const frame = lastFrame(video);
  const strip = make("span", "timeline-strip");
  timeline[measure].forEach((width, i) => {
    const cell = make("i");
    cell.style.width = `${(100 * width) / total}%`;
    cell.style.background = run ? state.colour(family) : "var(--baseline)";
    cell.style.opacity = String(PALE + (1 - PALE) * timeline.computed[i]);
    strip.append(cell);
  });
  const metric = state.chosen();
  const value = quality?.[metric.id];
  const told = [value == null ? "" : `${value.toFixed(metric.digits)} ${metric.unit}`.trim(), `${Math.round(100 * timeline.share)} % computed`];
  const cost = measure === "seconds" ? seconds(sum(timeline.seconds)) : `${sum(timeline.compute).toFixed(1)} steps`;
  const figures = make("span", "timeline-figures");
  figures.append(make("b", "", cost), make("span", "", told.filter(Boolean).join(", ")));
  line.append(frame, make("span", "timeline-name", name), strip, figures);
  line.dataset.total = String(sum(timeline[measure]));
  if (run) {
    line.type = "button";
    line.title = "Show this run in the Studio";
    line.addEventListener("click", () => openRun(run, failed));
  }
  return line;
}

/** A video that stands at its end. */
function lastFrame(path) {
  const video = Object.assign(loopingVideo(path), { autoplay: false, loop: false, preload: "auto" });
  video.addEventListener("loadedmetadata", () => (video.currentTime = Math.max(video.duration - 0.01, 0)), { once: true });
  video.setAttribute("aria-hidden", "true");
  video.tabIndex = -1;
  return video;
}

function createAxis(total, measure, unit) {
  const marks = ticks(0, total, TICKS).map((value) => {
    const mark = make("span", "timeline-tick", String(value));
    mark.style.left = `${(100 * value) / total}%`;
    return mark;
  });
  const rule = make("div", "timeline-rule");
  rule.append(...marks);
  return [rule, make("span", "timeline-unit", measure === "seconds" ? "seconds" : `steps of the baseline, in ${unit}`)];
}

function sum(values) {
  return values.reduce((one, other) => one + other, 0);
}
