// A kept run shown in the Studio, whichever room asks for it: the Runs panel knows how.
let open = (_run, _failed) => {};

/** Show a run; `failed` hears why the Studio does not. */
export function openRun(run, failed) {
  open(run, failed);
}

/** Take over the opening of runs. */
export function opensRuns(callback) {
  open = callback;
}
