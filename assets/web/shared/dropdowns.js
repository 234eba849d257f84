// Gradio's dropdowns by keyboard: one that is reached by Tab stays closed, since its list would cover what stands around
// it, and one that is left by Tab is not opened again. Arrow keys and a press open it.

const DROPDOWN = "#controls input[role=listbox], #controls .secondary-wrap input";

/** Listens on the whole page, before Gradio does. */
export function quietDropdowns() {
  let pressed = null; // the dropdown under a press that has not ended
  const dropdown = (event) => (event.target instanceof Element && event.target.matches(DROPDOWN) ? event.target : null);
  document.addEventListener("pointerdown", (event) => {
    pressed = dropdown(event);
    if (pressed && pressed === document.activeElement) pressed.dispatchEvent(new FocusEvent("focus")); // which opens it
  }, true);
  document.addEventListener("pointerup", () => (pressed = null), true);
  document.addEventListener("focus", (event) => {
    const reached = dropdown(event);
    if (reached && reached !== pressed) event.stopPropagation();
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Tab" && dropdown(event)) event.stopPropagation();
  }, true);
}
