// The share card of a run: a button that unfolds the kinds of file there are; picking one makes and downloads it.
import { make } from "./format.js";

const KINDS = ["mp4", "gif"];

/** `makeCard(kind)` is called when a kind is picked; until it has ended the button does nothing. */
export function createCardChoice(button, label, makeCard) {
  const root = make("span", "card-choice");
  const kinds = make("span", "card-kinds");
  let busy = false;
  const fold = (open) => {
    kinds.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) document.addEventListener("pointerdown", outside);
    else document.removeEventListener("pointerdown", outside);
  };
  const outside = (event) => root.contains(event.target) || fold(false);
  for (const kind of KINDS) {
    const pick = make("button", "", kind.toUpperCase());
    pick.type = "button";
    pick.setAttribute("aria-label", `${label} as ${kind.toUpperCase()}`);
    pick.addEventListener("click", async () => {
      fold(false);
      button.focus();
      busy = true;
      button.setAttribute("aria-busy", "true");
      await makeCard(kind);
      button.removeAttribute("aria-busy");
      busy = false;
    });
    kinds.append(pick);
  }
  button.addEventListener("click", () => {
    if (busy) return;
    fold(kinds.hidden);
    if (!kinds.hidden) /** @type {HTMLElement} */ (kinds.firstChild).focus();
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || kinds.hidden) return;
    fold(false);
    button.focus();
    event.stopPropagation();
  });
  root.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !root.contains(relatedTarget)) fold(false);
  });
  fold(false);
  root.append(button, kinds);
  return root;
}
