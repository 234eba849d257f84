// A button that unfolds the kinds of file there are of something; picking one makes it.
import { make } from "./format.js";

const CARDS = ["mp4", "gif"];
const CARD_NOTE = "The MP4 holds the settings; a GIF cannot.";

/** The kinds of a share card. @param {HTMLElement} button @param {string} label @param {(kind: string) => unknown} makeFile */
export function createCardKinds(button, label, makeFile) {
  return createKinds(button, label, CARDS, makeFile, CARD_NOTE);
}

/**
 * @param {HTMLElement} button what unfolds them; it does nothing until the file that was picked is there
 * @param {string} label of what there are files of, read out before the kind
 * @param {string[]} kinds
 * @param {(kind: string) => unknown} makeFile is awaited
 * @param {string} note what to know before picking one
 */
export function createKinds(button, label, kinds, makeFile, note = "") {
  const root = make("span", "kind-choice");
  const list = make("span", "kinds");
  let busy = false;
  const fold = (open) => {
    list.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) document.addEventListener("pointerdown", outside);
    else document.removeEventListener("pointerdown", outside);
  };
  const outside = (event) => root.contains(event.target) || fold(false);
  for (const kind of kinds) {
    const pick = make("button", "", kind.toUpperCase());
    pick.type = "button";
    pick.setAttribute("aria-label", `${label} as ${kind.toUpperCase()}`);
    pick.addEventListener("click", async () => {
      fold(false);
      button.focus();
      busy = true;
      button.setAttribute("aria-busy", "true");
      await makeFile(kind);
      button.removeAttribute("aria-busy");
      busy = false;
    });
    list.append(pick);
  }
  if (note) list.append(make("span", "kinds-note", note));
  button.addEventListener("click", () => {
    if (busy) return;
    fold(list.hidden);
    if (!list.hidden) /** @type {HTMLElement} */ (list.firstChild).focus();
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || list.hidden) return;
    fold(false);
    button.focus();
    event.stopPropagation();
  });
  root.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !root.contains(relatedTarget)) fold(false);
  });
  fold(false);
  root.append(button, list);
  return root;
}
