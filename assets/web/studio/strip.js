// The strip: one cell a step and side, solid where the step was computed, tinted where it was reused, half filled
// where a part of it was computed. A side with fewer steps has wider cells.
import { faded, make, rateColour } from "../shared/format.js";

const SIDES = ["baseline", "accelerated"];

export function createStrip() {
  const root = make("div", "strip");
  const rows = {};
  const names = {};
  for (const side of SIDES) {
    const row = make("div", `strip-row ${side}`);
    rows[side] = make("div", "cells");
    names[side] = make("span", "strip-name", "Baseline");
    row.append(names[side], rows[side]);
    root.append(row);
  }

  const draw = (run) => {
    names.accelerated.textContent = run.branches.rows[0]?.name ?? "";
    for (const side of SIDES) {
      const cells = rows[side];
      const steps = side === "accelerated" && run.shorter ? run.shorter : run.timesteps.length;
      cells.classList.toggle("dense", steps > 60);
      while (cells.childElementCount > steps) cells.lastChild.remove();
      while (cells.childElementCount < steps) cells.append(make("i", "cell"));
      run[side].forEach((record, i) => paint(cells.children[i], side, record, run.highest));
      for (let i = run[side].length; i < steps; i++) clear(cells.children[i]);
    }
  };
  let pointed = [];
  const point = (step) => {
    for (const cell of pointed) cell.classList.remove("pointed");
    pointed = step ? SIDES.map((side) => rows[side].children[step - 1]).filter(Boolean) : [];
    for (const cell of pointed) cell.classList.add("pointed");
  };
  return { root, draw, point };
}

function paint(cell, side, record, highest) {
  const kind = { none: "reused", all: "computed" }[record.computed] ?? "partly";
  cell.className = `cell ${kind}${cell.classList.contains("pointed") ? " pointed" : ""}`;
  const rate = record.decidedBy?.rate;
  cell.style.background = "";
  if (side === "accelerated" && rate) {
    const reused = record.computed === "none";
    cell.style.background = reused ? faded(rateColour(rate, highest), 0.25) : rateColour(rate, highest);
  }
}

function clear(cell) {
  cell.className = "cell";
  cell.style.background = "";
}
