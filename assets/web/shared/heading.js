// The heading of an instrument: its name, what it shows, and a place for keys and notes.
import { make } from "./format.js";

export function heading(title, help, ...rest) {
  const root = make("header", "lab-heading");
  root.append(make("h2", "", title), ...explained(title, help), ...rest);
  return root;
}

/**
 * A question mark, and the text that it unfolds below the heading that both are put into.
 * @returns {[HTMLDetailsElement, HTMLParagraphElement]}
 */
export function explained(title, help) {
  const details = /** @type {HTMLDetailsElement} */ (make("details", "help"));
  const summary = make("summary", "", "?");
  const text = /** @type {HTMLParagraphElement} */ (make("p", "help-text", help));
  summary.setAttribute("aria-label", `What ${title.toLowerCase()} shows`);
  details.append(summary);
  text.hidden = true;
  details.addEventListener("toggle", () => (text.hidden = !details.open));
  return [details, text];
}

/** A legend entry drawn by CSS. */
export function key(name, text) {
  return make("span", `key ${name}`, text);
}

/** A box beside the pointer, inside a positioned parent. */
export function createTip(parent) {
  const tip = make("div", "tip");
  parent.append(tip);
  const show = (event, lines) => {
    const box = parent.getBoundingClientRect();
    tip.replaceChildren(...lines.map(([name, value]) => entry(name, value)));
    const flip = event.clientX - box.left > box.width - 220;
    tip.style.left = `${event.clientX - box.left + (flip ? -16 - tip.offsetWidth : 16)}px`;
    tip.style.top = `${Math.max(event.clientY - box.top - tip.offsetHeight - 12, 0)}px`;
    parent.classList.add("pointing");
  };
  const hide = () => parent.classList.remove("pointing");
  return { show, hide };
}

function entry(name, value) {
  const made = make("div", "tip-line");
  made.append(make("span", "", name), make("b", "", value));
  return made;
}
