// The tour is offered once, on the first visit: a button where the first view is; on later visits the header's is there.
import { make } from "../shared/format.js";
import { remember, remembered } from "../shared/remember.js";
import { startTour } from "./tour.js";

const KEY = "adacache-tour-offered";

/** @returns {HTMLButtonElement[]} the offer, or none where it was made before */
export function createOffer() {
  if (remembered(KEY)) return [];
  remember(KEY, "yes");
  const button = /** @type {HTMLButtonElement} */ (make("button", "quiet tour-offer", "New here? Take the tour"));
  button.type = "button";
  button.addEventListener("click", startTour);
  return [button];
}
