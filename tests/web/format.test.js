// Colours and numbers of assets/web/shared/format.js that need no page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, number, rateColour, significant } from "../../assets/web/shared/format.js";

test("a low cache rate is dark and the highest of a codebook is the lightest", () => {
  assert.equal(rateColour(1, 6), "rgb(57,64,143)");
  assert.equal(rateColour(6, 6), "rgb(201,236,180)");
  assert.equal(rateColour(12, 12), "rgb(201,236,180)");
  assert.notEqual(rateColour(6, 12), rateColour(6, 6));
});

test("bytes are written in the unit people read", () => {
  assert.deepEqual([999, 1500, 1500000, 28e9].map(bytes), ["999 B", "1.5 kB", "1.5 MB", "28 GB"]);
});

test("numbers that JSON cannot hold arrive by name and are said in words", () => {
  assert.ok(Number.isNaN(number("nan")));
  assert.equal(number("-inf"), -Infinity);
  assert.equal(number(0.25), 0.25);
  assert.deepEqual([NaN, Infinity, 0, 0.12345, 1e-7].map(significant), ["not a number", "infinite", "0", "0.123", "1.0e-7"]);
});
