// What outlives a visit in this browser: the controls as they were left, and the run that was shown last.
// A link's settings go before both; they then leave the address, so that a reload shows what was changed since.
import { remember, remembered } from "../shared/remember.js";
import { visitor } from "../shared/visitor.js";

const SETTINGS = "adacache-settings";
const SHOWN = "adacache-shown";
const LINKED = ["settings", "run"];

/** Whether this visit began with a link to a run or to settings. */
export const linked = LINKED.some((name) => new URL(location.href).searchParams.has(name));

/** What the server needs to know to open the page. */
export function opening() {
  const address = new URL(location.href);
  const asked = Object.fromEntries(LINKED.map((name) => [name, address.searchParams.get(name) ?? ""]));
  for (const name of LINKED) address.searchParams.delete(name);
  history.replaceState(history.state, "", address);
  return { visitor: visitor(), ...asked, remembered: read(), shown: remembered(SHOWN) };
}

/** From now on, keep the controls as they are left; each change sends all their values. */
export function keepSettings() {
  window.addEventListener("adacache-settings", (event) =>
    remember(SETTINGS, JSON.stringify(/** @type {CustomEvent} */ (event).detail)),
  );
}

let onStage = ""; // of this tab, whatever others show

/** The stage shows a run from now on, or with an empty id what is not kept: the next visit then begins with the last. */
export function keepShown(run) {
  onStage = run;
  if (run) remember(SHOWN, run);
}

/** The id of the kept run that this page shows; empty without one. */
export function shownRun() {
  return onStage;
}

function read() {
  try {
    return JSON.parse(remembered(SETTINGS));
  } catch {
    return null;
  }
}
