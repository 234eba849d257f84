// A tour of six stops on the real controls: a ring around what is explained and a note beside it. The controls stay
// usable; Escape ends it, the arrow keys of a focused note go on and back, and the focus returns to where it was.
import { make } from "../shared/format.js";
import { headerButton } from "../shared/header-buttons.js";
import { go } from "../shared/nav.js";
import { around, beside } from "./place.js";
import { STOPS } from "./stops.js";

const RING = 4; // pixels around what is explained
let start = () => {};

/** Begin at the first stop. */
export function startTour() {
  start();
}

export function mount({ element }) {
  const ring = make("div", "tour-ring");
  const note = make("div", "tour-note");
  note.setAttribute("role", "dialog");
  note.setAttribute("aria-labelledby", "tour-title");
  note.setAttribute("aria-describedby", "tour-text");
  note.tabIndex = -1;
  const place = make("span", "tour-place");
  const title = Object.assign(make("h2"), { id: "tour-title" });
  const text = Object.assign(make("p"), { id: "tour-text" });
  const skip = button("Skip the tour", () => end());
  const back = button("Back", () => visit(at - 1));
  const next = button("Next", () => visit(at + 1));
  next.classList.add("tour-next");
  const buttons = make("div", "tour-buttons");
  buttons.append(skip, back, next);
  note.append(place, title, text, buttons);
  element.append(ring, note);

  let at = -1; // the stop that is shown; -1 is none
  let before = null; // what had the focus
  let asked = 0;
  const shown = () => STOPS[at].targets.flatMap((target) => [...document.querySelectorAll(target)]).filter(visible);

  const draw = () => {
    asked = 0;
    if (at < 0) return;
    const found = shown();
    const box = around((found.length ? found : [document.body]).map((target) => target.getBoundingClientRect()));
    place.textContent = `${at + 1} of ${STOPS.length}`;
    Object.assign(ring.style, {
      left: `${box.left - RING}px`,
      top: `${box.top - RING}px`,
      width: `${box.right - box.left + 2 * RING}px`,
      height: `${box.bottom - box.top + 2 * RING}px`,
    });
    const { width, height } = note.getBoundingClientRect();
    const { left, top } = beside(box, { width, height }, { width: document.documentElement.clientWidth, height: innerHeight });
    note.style.left = `${left}px`;
    note.style.top = `${top}px`;
  };
  const redraw = () => (asked ||= requestAnimationFrame(draw));

  const visit = (stop) => {
    if (stop < 0) return;
    if (stop === STOPS.length) {
      end();
      return;
    }
    at = stop;
    title.textContent = STOPS[at].title;
    text.textContent = STOPS[at].text;
    back.disabled = at === 0;
    skip.hidden = at === STOPS.length - 1;
    next.textContent = at === STOPS.length - 1 ? "Done" : "Next";
    element.dataset.stop = String(at + 1);
    element.classList.add("open");
    shown()[0]?.scrollIntoView({ block: "center", inline: "nearest" });
    draw();
    note.focus({ preventScroll: true });
  };
  const end = () => {
    at = -1;
    element.classList.remove("open");
    delete element.dataset.stop;
    if (before?.isConnected) before.focus({ preventScroll: true });
  };

  start = () => {
    before = /** @type {HTMLElement | null} */ (document.activeElement);
    go("studio");
    visit(0);
  };
  headerButton("tour-button", "Tour", startTour);
  note.addEventListener("keydown", (event) => {
    const move = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!move) return;
    visit(at + move);
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && at >= 0) end();
  });
  addEventListener("scroll", redraw, { capture: true, passive: true });
  addEventListener("resize", redraw);
}

function visible(target) {
  return target.checkVisibility() && target.getBoundingClientRect().height > 0;
}

function button(label, act) {
  const made = /** @type {HTMLButtonElement} */ (make("button", "quiet", label));
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}
