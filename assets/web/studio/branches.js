// The branches of the accelerated side: a thin strip for every row of branches that its method treats alike, and the
// method's own windows around the rows they are about, on the axis of steps. Rows and windows come from the method.
import { createReadable } from "../shared/readable.js";
import { explained } from "../shared/heading.js";
import { make } from "../shared/format.js";

const HELP =
  "A cell a step: solid where it was computed, pale where it was reused. A method that reuses some branches and computes " +
  "others has a row for each of its kinds. Outlines are the steps in which one of its rules holds. The figure beside a row " +
  "counts its computed steps; the share counts branches, of all those of the baseline's steps.";
const DASHES = 3; // kinds of outlines told apart
const ROW = 1; // of the grid, in which the first strip stands

export function createBranches() {
  const heading = make("header", "chart-heading branches-heading");
  const title = make("b", "accelerated-title");
  const share = make("span", "branches-share");
  const note = make("span", "branches-note");
  const keys = make("span", "branches-keys");
  heading.append(make("h2", "", "Computed"), ...explained("Computed", HELP), title, share, keys, note);
  const root = make("div", "branches");
  const strips = make("div", "branch-strips");
  root.append(strips);
  let run;
  const readable = createReadable(strips, "Branches computed in every step", () => run && reading(run), "group");
  root.append(readable.root);

  let rows = [];
  /** Draw a run; whether it has strips of its own here. A codebook's rates are told by the strip of steps instead. */
  const draw = (drawn) => {
    run = drawn;
    const { branches } = run;
    const steps = run.shorter || run.timesteps.length;
    title.textContent = run.title;
    share.textContent = branches.of ? `${Math.round(100 * branches.share)} % of the ${run.done ? "baseline's branches" : "branches so far"}` : "";
    share.dataset.share = String(branches.share);
    note.textContent = branches.note;
    const own = branches.rows.length > 0 && !run.used_codebook;
    root.hidden = !own;
    const abouts = [...new Set(branches.windows.map(({ about }) => about))];
    keys.replaceChildren(...(own ? abouts : []).map((about, i) => make("span", `window-key outline-${i % DASHES}`, about)));
    rows = own ? branches.rows.map((row, i) => createRow(row, i, steps)) : [];
    const outlines = own ? branches.windows.flatMap((window) => outline(window, branches.rows, steps, abouts.indexOf(window.about))) : [];
    strips.replaceChildren(...rows.flatMap(({ parts }) => parts), ...outlines);
    readable.ask();
    return own;
  };
  const point = (step) => {
    for (const { cells } of rows) [...cells.children].forEach((cell, i) => cell.classList.toggle("pointed", i + 1 === step));
  };
  return { heading, root, draw, point };
}

function createRow({ name, about, computed }, i, steps) {
  const label = make("span", "branch-name", name);
  label.title = about;
  const cells = make("div", "cells accelerated");
  cells.classList.toggle("dense", steps > 60);
  for (let step = 0; step < steps; step += 1) {
    const cell = make("i", `cell ${kindOf(computed[step])}`);
    if (computed[step] > 0 && computed[step] < 1) cell.style.setProperty("--share", `${100 * computed[step]}%`);
    cells.append(cell);
  }
  const figure = make("span", "branch-figure", `${Number(computed.reduce((one, other) => one + other, 0).toFixed(1))}/${computed.length}`);
  const parts = [label, cells, figure];
  for (const part of parts) part.style.gridRow = String(i + ROW);
  return { parts, cells };
}

function kindOf(share) {
  if (share === undefined) return "";
  return share === 1 ? "computed" : share === 0 ? "reused" : "partly";
}

/** An outline for every run of neighbouring rows that a window is about. */
function outline({ about, steps: [first, last], rows: named }, rows, steps, kind) {
  const places = rows.map(({ name }, i) => (named.includes(name) ? i : -1)).filter((i) => i >= 0);
  const starts = places.filter((place) => !places.includes(place - 1));
  return starts.map((start) => {
    let stop = start;
    while (places.includes(stop)) stop += 1;
    const made = make("div", `window outline-${kind % DASHES}`);
    made.title = `${about}: steps ${first} to ${last}`;
    made.style.gridRow = `${start + ROW} / ${stop + ROW}`;
    made.style.marginLeft = `${(100 * (first - 1)) / steps}%`;
    made.style.width = `${(100 * (last - first + 1)) / steps}%`;
    return made;
  });
}

function reading({ branches: { rows, windows, share }, title }) {
  if (!rows.length) return null;
  const [{ computed }] = rows;
  const word = (value) => (value === 1 ? "computed" : value === 0 ? "reused" : `${Math.round(100 * value)} % computed`);
  const held = windows.map(({ about, steps: [first, last] }) => `${about}: steps ${first} to ${last}`);
  return {
    summary: [`${title} computes ${Math.round(100 * share)} % of the branches`, ...held].join(". "),
    columns: ["step", ...rows.map(({ about }) => about)],
    rows: computed.map((_, i) => [i + 1, ...rows.map((row) => word(row.computed[i]))]),
  };
}
