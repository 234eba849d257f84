// A codebook while it is edited: the rows as typed, the last ones that can be drawn, undo, and who hears of changes.
// The Studio and the Lab have one each; the table and the draggable thresholds work on either.

const UNDONE = 100; // codebooks remembered

/** `asked` is called after every change; `highestRate` is the largest rate that can be drawn. */
export function createEditing({ asked = () => {}, highestRate = () => Infinity } = {}) {
  const listeners = [];
  const state = {
    presets: [],
    codebook: null, // the last one that can be drawn
    draft: null, // the rows as typed, valid or not
    history: [],
    error: "",
    lit: null, // the row that a decision looked up, while that is shown
  };
  const tell = (...names) => listeners.forEach(([name, callback]) => names.includes(name) && callback());
  state.on = (names, callback) => names.forEach((name) => listeners.push([name, callback]));
  state.tell = tell;

  /** Remember the present codebook: the next changes are one gesture. */
  state.begin = () => {
    if (sameRows(state.history.at(-1), state.codebook)) return;
    state.history = [...state.history, state.codebook].slice(-UNDONE);
  };
  /** Take over rows, valid or not; the server has the last word. What they were made for stays, unless it is said. */
  state.set = (rows) => {
    state.draft = { ...(state.draft && madeFor(state.draft)), ...rows };
    if (plausible(rows, highestRate())) state.codebook = state.draft;
    tell("codebook");
    asked();
  };
  /** Take over a whole codebook from elsewhere. */
  state.load = ({ thresholds, rates, ...rest }) => {
    state.begin();
    state.set({ thresholds: [...thresholds], rates: [...rates], ...madeFor(rest) });
    tell("loaded");
  };
  state.undo = () => {
    while (state.history.length && sameRows(state.history.at(-1), state.draft)) state.history.pop();
    const rows = state.history.pop();
    if (!rows) return;
    state.set(rows);
    tell("loaded");
  };
  /** The preset that the rows are those of; none of rows that were edited. */
  state.preset = () => state.presets.find((book) => sameRows(book, state.draft));
  /** Ctrl+Z within an element, except where text is typed: there it is the browser's. */
  state.undoKeys = (element) =>
    element.addEventListener("keydown", (event) => {
      if (event.key !== "z" || !(event.ctrlKey || event.metaKey) || event.target.matches("textarea, input")) return;
      state.undo();
      event.preventDefault();
    });
  return state;
}

/** Ask one question at a time; of those that come meanwhile, only the last is asked. */
export function latest(ask, use) {
  let busy = false;
  let waiting;
  return async function again(question) {
    if (busy) {
      waiting = question;
      return;
    }
    busy = true;
    try {
      const answer = await ask(question);
      if (!waiting || !answer.error) use(answer, question);
    } catch {
      use({ error: "The server does not answer; what is shown is kept." }, question);
    }
    busy = false;
    const next = waiting;
    waiting = undefined;
    if (next) again(next);
  };
}

/** What a codebook was made for, as far as that is known. */
function madeFor(book) {
  const { steps, models, signal, motion } = book;
  return { steps, models, signal, motion };
}

export function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Whether two codebooks have the same rows, whatever they were made for. */
export function sameRows(one, other) {
  return same(one && [one.thresholds, one.rates], other && [other.thresholds, other.rates]);
}

/** Whether rows can be drawn as bands; the server says in words what else is wrong. */
function plausible({ thresholds, rates }, highest) {
  const rising = thresholds.every((value, i) => Number.isFinite(value) && value > (thresholds[i - 1] ?? 0));
  const falling = rates.every((rate, i) => Number.isInteger(rate) && rate >= 1 && rate <= (rates[i - 1] ?? highest));
  return rising && falling && rates.length > 0;
}
