// Painting a schedule: what follows the codebook, what locks hold, undo (assets/web/lab/schedule-editing.js).
import assert from "node:assert/strict";
import { test } from "node:test";
import { createScheduleEditing, servedSteps } from "../../assets/web/lab/schedule-editing.js";

const following = (steps, computed) => {
  const schedule = createScheduleEditing();
  schedule.follow(steps, computed);
  return schedule;
};

test("it is the codebook's until it is painted, and keeps what was painted", () => {
  const schedule = following(6, [1, 3, 5]);
  schedule.follow(6, [1, 4]);
  assert.deepEqual(schedule.computed(), [1, 4]);
  schedule.begin();
  assert.equal(schedule.paint(6, true), true);
  schedule.follow(6, [1, 2]);
  assert.deepEqual(schedule.computed(), [1, 4, 6]);
});

test("the first step and locked ones stay; a lock changes no step", () => {
  const schedule = following(6, [1, 3, 5]);
  assert.equal(schedule.paint(1, false), false);
  assert.equal(schedule.lock(1, true), false);
  schedule.lock(3, true);
  schedule.lock(4, true);
  assert.equal(schedule.paint(3, false), false);
  assert.equal(schedule.paint(4, true), false);
  assert.deepEqual([schedule.computed(), schedule.locks()], [[1, 3, 5], [3, 4]]);
  schedule.lock(3, false);
  assert.equal(schedule.paint(3, false), true);
  assert.equal(schedule.paint(7, true), false);
  assert.deepEqual(schedule.computed(), [1, 5]);
});

test("a gesture is undone as one, back to the codebook and from it", () => {
  const schedule = following(6, [1, 3, 5]);
  schedule.begin();
  for (const step of [2, 3, 4]) schedule.paint(step, true);
  schedule.begin();
  schedule.lock(4, true);
  schedule.undo();
  assert.deepEqual([schedule.computed(), schedule.locks()], [[1, 2, 3, 4, 5], []]);
  schedule.reset();
  schedule.follow(6, [1, 3, 5]);
  assert.equal(schedule.drawing.own, false);
  schedule.undo();
  assert.deepEqual([schedule.drawing.own, schedule.computed()], [true, [1, 2, 3, 4, 5]]);
  schedule.undo();
  assert.deepEqual([schedule.drawing.own, schedule.computed()], [false, [1, 3, 5]]);
});

test("each number of steps has its own schedule", () => {
  const schedule = following(6, [1, 3, 5]);
  schedule.paint(2, true);
  schedule.follow(4, [1, 3]);
  assert.deepEqual(schedule.computed(), [1, 3]);
  schedule.follow(6, [1]);
  assert.deepEqual(schedule.computed(), [1, 2, 3, 5]);
});

test("what is taken over keeps the locks unless it brings its own", () => {
  const schedule = following(4, [1, 3]);
  schedule.lock(3, true);
  schedule.take({ steps: 4, computed: [1, 3, 4] });
  assert.deepEqual([schedule.computed(), schedule.locks()], [[1, 3, 4], [3]]);
  schedule.take({ steps: 4, computed: [1, 2], locked: [] });
  assert.deepEqual([schedule.computed(), schedule.locks()], [[1, 2], []]);
});

test("a computed step serves itself and those that reuse it", () => {
  const computed = [true, true, false, false, true, false];
  assert.deepEqual([1, 2, 5].map((step) => servedSteps(computed, step)), [1, 3, 2]);
});
