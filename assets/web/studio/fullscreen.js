// Full size: the player moves into a dialog that fills the window, and back when it is closed.
import { make } from "../shared/format.js";

export function createLarge(viewer, resume) {
  const dialog = make("dialog", "large");
  dialog.setAttribute("aria-label", "Both videos at full size; Escape closes");
  const close = make("button", "close", "Close");
  dialog.append(close);
  let place = null;

  const open = () => {
    if (place) return;
    place = make("div", "viewer-place");
    place.style.height = `${viewer.offsetHeight}px`;
    place.style.width = `${viewer.offsetWidth}px`;
    viewer.replaceWith(place);
    dialog.prepend(viewer);
    place.parentElement.append(dialog);
    dialog.showModal();
    viewer.focus();
    resume();
  };
  dialog.addEventListener("close", () => {
    place.replaceWith(viewer);
    place = null;
    dialog.remove();
    viewer.focus({ preventScroll: true });
    resume();
  });
  close.addEventListener("click", () => dialog.close());
  const toggle = () => (place ? dialog.close() : open());
  return { toggle, isOpen: () => place !== null };
}
