// Arithmetic of assets/web/shared/svg.js: scales and ticks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { scale, stepTicks, ticks } from "../../assets/web/shared/svg.js";

test("a scale maps its ends onto the pixels' ends", () => {
  const x = scale([0, 10], [100, 200]);
  assert.deepEqual([x(0), x(5), x(10)], [100, 150, 200]);
  assert.equal(scale([0, 1], [50, 0])(0.25), 37.5); // upwards on a screen
});

test("ticks are round and within their range", () => {
  assert.deepEqual(ticks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  for (const value of ticks(0.013, 0.391, 4)) assert.ok(value >= 0.013 && value <= 0.391);
});

test("steps are whole and begin at one", () => {
  const named = stepTicks(30, 300);
  assert.ok(named.every((step) => Number.isInteger(step) && step >= 1 && step <= 30), named.join());
  assert.ok(named.length >= 3);
});
