// How a selected recording is told from the others: a letter, a colour, and a symbol; colours are CSS names, so that
// light and dark need no redraw. Six colours that colour-blind readers can tell apart, then the same with dashes.
import { make } from "./format.js";

const COLOURS = 6;
const SYMBOLS = ["circle", "square", "diamond", "down", "plus", "cross"];

export function identity(slot) {
  return {
    letter: String.fromCharCode(65 + slot),
    colour: `var(--recording-${slot % COLOURS})`,
    dash: slot < COLOURS ? "" : "5 3",
    symbol: SYMBOLS[slot % COLOURS],
  };
}

/** The letter in its colour, or an empty place where a recording is not selected. */
export function badge(slot) {
  const made = make("span", "letter", slot === undefined ? "" : identity(slot).letter);
  if (slot !== undefined) made.style.setProperty("--own", identity(slot).colour);
  return made;
}
