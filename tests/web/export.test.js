// Exports of the Compare room: quoting of CSV and LaTeX, and that a missing figure is an empty cell.
import assert from "node:assert/strict";
import { test } from "node:test";
import { csv, latex, rows } from "../../assets/web/compare/export.js";

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
