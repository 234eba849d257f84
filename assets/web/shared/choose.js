// A choice: buttons of which one is pressed.
import { make } from "./format.js";

/**
 * @param {any[][]} options name and title of each
 * @param {() => string} current the name of the pressed one
 * @param {(name: string) => void} pick
 */
export function choose(options, current, pick) {
  const root = make("span", "choice");
  const buttons = options.map(([name, title]) => {
    const button = make("button", "chip-button", title);
    button.type = "button";
    button.addEventListener("click", () => {
      pick(name);
      refresh();
    });
    root.append(button);
    return /** @type {[string, HTMLElement]} */ ([name, button]);
  });
  const refresh = () => buttons.forEach(([name, button]) => button.setAttribute("aria-pressed", String(name === current())));
  refresh();
  return root;
}
