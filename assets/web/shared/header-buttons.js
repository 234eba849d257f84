// Buttons that other parts of the page put into the header, whichever of them is drawn first.
import { make } from "./format.js";

const waiting = [];
let place = null;

/** A small button with an id in the header; it is there once the header is. */
export function headerButton(id, label, act) {
  const button = /** @type {HTMLButtonElement} */ (make("button", "quiet", label));
  button.type = "button";
  button.id = id;
  button.addEventListener("click", act);
  if (place) place.append(button);
  else waiting.push(button);
  return button;
}

/** Where they stand, before the header's own. */
export function createHeaderButtons(...own) {
  const root = make("div", "header-buttons");
  place = make("span");
  place.append(...waiting.splice(0));
  root.append(place, ...own);
  return root;
}
