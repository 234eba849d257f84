// A schedule while it is painted: which steps are computed, which are locked, undo. Until the first change it is the
// codebook's and follows it. Every number of steps has a schedule of its own, so that none is lost by looking elsewhere.
import { same } from "../shared/codebook-editing.js";

const UNDONE = 100; // schedules remembered

/** `changed` is called after every change. Steps count from 1; the first is always computed. */
export function createScheduleEditing(changed = () => {}) {
  const drawings = new Map(); // number of steps -> { own, computed, locked, history }
  const schedule = { drawing: createDrawing(0) };
  const now = () => schedule.drawing;

  /** Look at a recording of so many steps, whose codebook computes these. */
  schedule.follow = (steps, computed) => {
    if (!drawings.has(steps)) drawings.set(steps, createDrawing(steps));
    schedule.drawing = drawings.get(steps);
    if (!now().own) Object.assign(now(), { computed: flags(steps, computed), locked: flags(steps, []) });
    changed();
  };
  /** Remember what is there: the next changes are one gesture. */
  schedule.begin = () => {
    const remembered = snapshot(now());
    if (!same(now().history.at(-1), remembered)) now().history = [...now().history, remembered].slice(-UNDONE);
  };
  /** Compute or reuse a step; false where it is locked or the first. */
  schedule.paint = (step, computes) => {
    if (!schedule.free(step)) return false;
    now().computed[step - 1] = computes;
    return touched();
  };
  /** Lock a step as it is, or free it. */
  schedule.lock = (step, locks) => {
    if (step < 2 || step > now().computed.length) return false;
    now().locked[step - 1] = locks;
    return touched();
  };
  schedule.free = (step) => step > 1 && step <= now().computed.length && !now().locked[step - 1];
  /** Take over a schedule from elsewhere; locks stay unless it brings its own. */
  schedule.take = ({ steps, computed, locked }) => {
    schedule.begin();
    now().computed = flags(steps, computed);
    if (locked) now().locked = flags(steps, locked);
    touched();
  };
  schedule.undo = () => {
    const { history } = now();
    while (history.length && same(history.at(-1), snapshot(now()))) history.pop();
    const before = history.pop();
    if (before) Object.assign(now(), before);
    changed();
  };
  /** Be the codebook's again, without locks. */
  schedule.reset = () => {
    schedule.begin();
    now().own = false;
    changed();
  };
  schedule.computed = () => numbers(now().computed);
  schedule.locks = () => numbers(now().locked);
  const touched = () => {
    now().own = true;
    changed();
    return true;
  };
  return schedule;
}

/** For how many steps a step's result serves: its own, and those that reuse it. */
export function servedSteps(computed, step) {
  const following = computed.findIndex((computes, i) => i >= step && computes);
  return (following < 0 ? computed.length : following) - step + 1;
}

function createDrawing(steps) {
  return { own: false, computed: flags(steps, [1]), locked: flags(steps, []), history: [] };
}

function snapshot({ own, computed, locked }) {
  return { own, computed: [...computed], locked: [...locked] };
}

function flags(steps, chosen) {
  const made = Array(steps).fill(false);
  for (const step of chosen) made[step - 1] = true;
  return made;
}

function numbers(chosen) {
  return chosen.flatMap((flag, i) => (flag ? [i + 1] : []));
}
