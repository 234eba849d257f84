// Exports: quoting of CSV and LaTeX, that a missing figure is an empty cell, tables of charts and bands of codebooks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bandsOf } from "../../assets/web/shared/bands.js";
import { chartTable } from "../../assets/web/studio/chart-export.js";
import { csv, latex } from "../../assets/web/shared/export.js";
import { rows } from "../../assets/web/compare/export.js";

const POINT = { family: "AdaCache", name: "a, \"b\"", speedup: 2, computed_fraction: 0.5, tflops: null, runs: 3 };
const STATE = { metrics: [{ id: "psnr", title: "PSNR", digits: 2 }], value: () => null, visible: () => [POINT] };

test("a missing figure is an empty cell", () => {
  assert.deepEqual(rows(STATE)[1], ["AdaCache", 'a, "b"', "2.000", "0.5000", "", "", "3"]);
});

test("commas and quotes are quoted in CSV", () => {
  assert.equal(csv([["a, \"b\"", "c"]]), '"a, ""b""",c\n');
});

test("what LaTeX would read is escaped", () => {
  assert.match(latex([["x", "y_1"], ["5 %", "a&b"]]), /x & y\\_1 \\\\\n\\hline\n5 \\% & a\\&b/);
});

test("what was not measured is an empty cell, zero is not", () => {
  assert.equal(csv([["a", "b", "c", "d"], [0, null, undefined, NaN]]), "a,b,c,d\n0,,,\n");
});

const RUN = {
  baseline: [{ seconds: 1 }, { seconds: 2 }],
  accelerated: [{ seconds: 1, computed: "all", rate: 2, distance: 0.25 }, { seconds: 0.5, computed: "none" }],
  timesteps: [1000, 500],
  branches: { curves: [] },
};

test("a chart's table has a row a step, seconds are summed", () => {
  assert.deepEqual(chartTable("seconds", RUN), [
    ["step", "timestep", "computed", "baseline seconds", "accelerated seconds"],
    [1, 1000, "all", 1, 1],
    [2, 500, "none", 3, 1.5],
  ]);
  assert.deepEqual(chartTable("distance", RUN)[1], [1, 1000, "all", 0.25, undefined, undefined]);
  assert.equal(chartTable("rate", { baseline: [], accelerated: [], timesteps: [] }), null);
});

test("bands end where the axis does, and the last threshold is no edge", () => {
  const bands = bandsOf({ thresholds: [0.1, 0.4, 1], rates: [6, 3, 1] }, 0.8);
  assert.deepEqual(bands.map(({ low, high, rate }) => [low, high, rate]), [[0, 0.1, 6], [0.1, 0.4, 3], [0.4, 0.8, 1]]);
  assert.deepEqual(bandsOf({ thresholds: [0.1, 0.4, 1], rates: [6, 3, 1] }, 0.2).map(({ rate }) => rate), [6, 3]);
});

test("a prompt is no formula of a spreadsheet and no command of LaTeX, a number stays one", () => {
  assert.equal(csv([["=1+1", "-0.5", "-x"]]), "'=1+1,-0.5,'-x\n");
  assert.match(latex([["a", "b"], ["\\input{x}", "~^\n1"]]), /\\textbackslash\{\}input\\\{x\\\} & \\textasciitilde\{\}\\textasciicircum\{\} 1 /);
});
