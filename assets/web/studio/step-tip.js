// What is known of one step, beside the pointer: its numbers, and both sides' preview pictures as they were then.
import { previewAt } from "./previews.js";
import { make, seconds, significant } from "../shared/format.js";

const SIDES = ["baseline", "accelerated"];

export function createStepTip() {
  const root = make("div", "tip");
  const pictures = make("div", "tip-pictures");
  const lines = make("div", "tip-lines");
  const more = make("p", "tip-more", "Click or Enter: how it was decided");
  const shown = Object.fromEntries(SIDES.map((side) => [side, createPicture(side)]));
  pictures.append(...SIDES.map((side) => shown[side].root));
  root.append(lines, pictures, more);

  const show = (run, step) => {
    lines.replaceChildren(...describe(run, step).map(([name, value]) => line(name, value)));
    const found = SIDES.map((side) => step <= run[side].length && shown[side].show(previewAt(side, step)));
    pictures.hidden = !found.some(Boolean);
    more.hidden = !run.accelerated[step - 1]?.explanation;
  };
  /** Beside a point of the window, within the charts. */
  const beside = (x, y) => {
    const box = root.parentElement.getBoundingClientRect();
    const flip = x - box.left > box.width - 260;
    root.style.left = `${x - box.left + (flip ? -16 - root.offsetWidth : 16)}px`;
    root.style.top = `${Math.min(Math.max(y - box.top - root.offsetHeight - 12, 0), box.height - root.offsetHeight)}px`;
  };
  return { root, show, beside };
}

function createPicture(side) {
  const root = make("figure", `tip-picture ${side}`);
  const image = make("img");
  const caption = make("figcaption");
  image.alt = "";
  root.append(image, caption);
  const show = (preview) => {
    root.hidden = !preview;
    if (!preview) return false;
    if (image.src !== preview.picture) image.src = preview.picture;
    caption.textContent = `after step ${preview.step}`;
    return true;
  };
  return { root, show };
}

function describe(run, step) {
  const lines = [["step", `${step} of ${run.timesteps.length}`], ["timestep", run.timesteps[step - 1].toFixed(0)]];
  const timed = SIDES.filter((side) => run[side][step - 1]);
  for (const side of timed) {
    lines.push([`${side === "baseline" ? "baseline" : run.title}, seconds`, seconds(run[side][step - 1].seconds)]);
  }
  const record = run.accelerated[step - 1];
  if (!record) return lines;
  const decided = record.decidedBy;
  lines.push(...told(run, step));
  if (decided?.rate != null) lines.push(["cache rate", String(decided.rate)]);
  if (run.ghost) lines.push(["would be", run.ghost.computed.includes(step) ? "computed" : "reused"]);
  for (const { about, measured } of run.branches.curves) {
    if (record[measured] != null) lines.push([about, significant(record[measured])]);
  }
  if (run.branches.curves.length) lines.push(["threshold", significant(run.branches.threshold)]);
  if (!run.used_codebook) return lines;
  for (const [label, value] of [
    ["raw distance", record.distance],
    ["normalised", record.normalised],
    ["regularised", run.regularised ? record.regularised : null],
    ["motion", record.motion],
    [`motion factor${run.regularised ? "" : ", not applied"}`, record.factor],
  ]) {
    if (value != null) lines.push([label, significant(value)]);
  }
  return lines;
}

/** What became of every row of branches in a step. */
function told(run, step) {
  return run.branches.rows.map(({ name, computed }) => {
    if (computed[step - 1] === 1) return [name, "computed"];
    if (computed[step - 1] > 0) return [name, `${Math.round(100 * computed[step - 1])} % computed`];
    return [name, `reuses step ${computed.lastIndexOf(1, step - 1) + 1}`];
  });
}

function line(name, value) {
  const made = make("div", "tip-line");
  made.append(make("span", "", name), make("b", "", value));
  return made;
}
