// Gradio's dropdowns by keyboard: one that is reached by Tab stays closed, since its list would cover what stands around
// it, and one that is left by Tab is not opened again. Arrow keys and a press open it.

const DROPDOWN = "#controls input[role=combobox]";

/** Listens on the whole page, before Gradio does. */
export function quietDropdowns() {
  let pressed = null; // the dropdown pressed last, until a key is; on a phone the focus comes after the press
  const isDropdown = (target) => target instanceof Element && target.matches(DROPDOWN);
  document.addEventListener("pointerdown", ({ target }) => {
    const block = target instanceof Element && !target.closest("[role=listbox]") && target.closest(".block");
    pressed = block ? block.querySelector(DROPDOWN) : null;
    if (pressed && pressed === document.activeElement) pressed.dispatchEvent(new FocusEvent("focus")); // which opens it
  }, true);
  document.addEventListener("focus", (event) => {
    if (isDropdown(event.target) && event.target !== pressed) event.stopPropagation();
  }, true);
  document.addEventListener("keydown", (event) => {
    pressed = null;
    if (event.key === "Tab" && isDropdown(event.target)) event.stopPropagation();
  }, true);
}
