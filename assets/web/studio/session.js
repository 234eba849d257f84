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

export function keepShown(run) {
  remember(SHOWN, run);
}

/** The id of the run that was shown last; empty without one. */
export function shownRun() {
  return remembered(SHOWN);
}

function read() {
  try {
    return JSON.parse(remembered(SETTINGS));
  } catch {
    return null;
  }
}
