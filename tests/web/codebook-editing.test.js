// Editing a codebook: what can be drawn, undo, and one question at a time (assets/web/shared/codebook-editing.js).
import assert from "node:assert/strict";
import { test } from "node:test";
import { createEditing, latest } from "../../assets/web/shared/codebook-editing.js";

const FAST = { thresholds: [0.1, 0.3, 1], rates: [6, 3, 1] };

test("rows that cannot be drawn stay as typed and leave the drawn codebook alone", () => {
  const state = createEditing();
  state.load(FAST);
  state.set({ thresholds: [0.3, 0.1, 1], rates: [6, 3, 1] });
  assert.deepEqual(state.draft.thresholds, [0.3, 0.1, 1]);
  assert.deepEqual(state.codebook.thresholds, [0.1, 0.3, 1]);
});

test("one gesture is undone as one", () => {
  const state = createEditing();
  state.load(FAST);
  state.begin();
  for (const first of [0.12, 0.15, 0.2]) state.set({ ...FAST, thresholds: [first, 0.3, 1] });
  state.undo();
  assert.deepEqual(state.codebook.thresholds, FAST.thresholds);
});

test("of the questions asked while one is answered only the last is asked", async () => {
  const asked = [];
  const answered = [];
  const waiting = [];
  const ask = (question) => new Promise((resolve) => { asked.push(question); waiting.push(() => resolve({ of: question })); });
  const again = latest(ask, (answer) => answered.push(answer.of));
  for (const question of ["first", "second", "third"]) again(question);
  assert.deepEqual(asked, ["first"]);
  waiting.shift()();
  await new Promise(setImmediate);
  waiting.shift()();
  await new Promise(setImmediate);
  assert.deepEqual(asked, ["first", "third"]);
  assert.deepEqual(answered, ["first", "third"]);
});

test("a server that does not answer is said in words", async () => {
  const said = [];
  await latest(() => Promise.reject(new Error("gone")), (answer) => said.push(answer.error))("question");
  assert.match(said[0], /does not answer/);
});

test("what a codebook was made for stays with edited rows, and a loaded one brings its own", () => {
  const editing = createEditing();
  const motion = { reference: 0.2 };
  const made = { id: "mine", thresholds: [0.1, 1], rates: [3, 1], steps: 8, models: ["tiny"], signal: "cross in l1", motion };
  editing.presets = [made];
  editing.load(made);
  assert.equal(editing.preset(), made);
  editing.set({ thresholds: [0.2, 1], rates: [3, 1] });
  assert.equal(editing.preset(), undefined);
  const { steps, models, signal } = editing.draft;
  assert.deepEqual([steps, models, signal, editing.draft.motion], [8, ["tiny"], "cross in l1", motion]);
  editing.load({ thresholds: [0.1, 1], rates: [2, 1] });
  assert.deepEqual([editing.draft.steps, editing.draft.motion], [undefined, undefined]);
});
