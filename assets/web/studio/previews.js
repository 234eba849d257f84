// Preview pictures of the run being shown, by side and step, kept in the browser so that any step can be looked at again.

const KEPT = 128; // a side; the oldest go first
let run = "";
let kept = { baseline: new Map(), accelerated: new Map() };

/** Keep the picture of a step; another run forgets those of the one before. */
export function keepPreview(of, side, step, picture) {
  if (of !== run) [run, kept] = [of, { baseline: new Map(), accelerated: new Map() }];
  if (!picture || kept[side].has(step)) return;
  kept[side].set(step, picture);
  if (kept[side].size > KEPT) kept[side].delete(kept[side].keys().next().value);
}

/** The picture of a step, or of the nearest step before it that has one: steps faster than the eye have none. */
export function previewAt(side, step) {
  const steps = [...kept[side].keys()].filter((made) => made <= step);
  if (!steps.length) return null;
  const nearest = Math.max(...steps);
  return { step: nearest, picture: kept[side].get(nearest) };
}
