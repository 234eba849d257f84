// The codebook as a table: preset, rows to edit, add and remove, undo; what is wrong is said in place and the rows stay
// as typed. `id` names its fields, `below` is what the room puts under the rows.
import { make, rateColour, significant } from "./format.js";

const CUSTOM = "custom";

export function createTable(state, id, ...below) {
  const root = make("section", "codebook");
  const preset = make("select");
  preset.id = `${id}-preset`;
  preset.setAttribute("aria-label", "Codebook");
  const table = make("div", "rows");
  const error = make("p", "codebook-error");
  error.setAttribute("role", "status");
  const undo = make("button", "quiet", "Undo");
  undo.id = `${id}-undo`;
  const add = make("button", "quiet", "Add a row");
  const title = make("div", "codebook-title");
  title.append(make("h2", "", "Codebook"), add, undo);
  const head = make("div", "row-head");
  head.append(make("span"), make("span", "", "distance below"), make("span", "", "rate"), make("span"));
  const made = make("details", "codebook-made");
  const madeFor = make("summary");
  const source = make("p");
  made.append(madeFor, source);
  root.append(title, preset, made, head, table, ...below, error);

  const show = () => {
    const { thresholds, rates } = state.draft;
    while (table.childElementCount > rates.length) table.lastChild.remove();
    while (table.childElementCount < rates.length) table.append(createRow(state, table));
    const highest = Math.max(6, ...rates.filter(Number.isFinite));
    rates.forEach((rate, i) => table.children[i].show(thresholds, rates, i, highest));
    undo.disabled = state.history.length === 0;
    const named = state.preset();
    preset.value = named?.id ?? CUSTOM;
    madeFor.textContent = named?.made_for ?? "Rows of your own";
    source.textContent = named?.source ?? "They are those of no preset.";
    add.disabled = rates.length >= 24;
  };
  state.on(["presets"], () => {
    const groups = new Map();
    for (const book of state.presets) {
      if (!groups.has(book.group)) groups.set(book.group, Object.assign(make("optgroup"), { label: book.group }));
      groups.get(book.group).append(Object.assign(make("option", "", book.title), { value: book.id }));
    }
    preset.replaceChildren(...groups.values(), Object.assign(make("option", "", "Custom"), { value: CUSTOM }));
    show();
  });
  preset.addEventListener("change", () => {
    const chosen = state.presets.find((book) => book.id === preset.value);
    if (chosen) state.load(chosen);
    else show();
  });
  add.addEventListener("click", () => {
    const { thresholds, rates } = state.draft;
    const low = thresholds.at(-3) ?? 0;
    const middle = thresholds.length > 1 ? Number(((low + thresholds.at(-2)) / 2).toPrecision(3)) : thresholds[0] / 2;
    state.begin();
    const at = Math.max(rates.length - 2, 0);
    state.set({ thresholds: insert(thresholds, at, middle), rates: insert(rates, at, rates.at(-2) ?? rates[0] + 1) });
  });
  undo.addEventListener("click", state.undo);
  state.on(["codebook", "answer"], show);
  state.on(["codebook", "lit"], () => [...table.children].forEach((row, i) => row.classList.toggle("lit", i === state.lit)));
  state.on(["answer"], () => {
    error.textContent = state.error;
  });
  return root;
}

function createRow(state, table) {
  const row = make("div", "row-edit");
  const swatch = make("i", "swatch");
  const threshold = Object.assign(make("input", "threshold"), { inputMode: "decimal" });
  const rate = Object.assign(make("input", "rate"), { inputMode: "numeric" });
  const remove = make("button", "quiet", "×");
  row.append(swatch, threshold, rate, remove);
  const place = () => [...table.children].indexOf(row);
  const edit = (column, text) => {
    const rows = { thresholds: [...state.draft.thresholds], rates: [...state.draft.rates] };
    rows[column][place()] = text.trim() === "" || Number.isNaN(Number(text)) ? null : Number(text);
    state.set(rows);
  };
  for (const [input, column] of [[threshold, "thresholds"], [rate, "rates"]]) {
    input.addEventListener("focus", () => input.select());
    input.addEventListener("input", () => {
      if (!row.begun) state.begin();
      row.begun = true;
      edit(column, input.value);
    });
    input.addEventListener("blur", () => (row.begun = false));
  }
  remove.addEventListener("click", () => {
    const i = place();
    const { thresholds, rates } = state.draft;
    state.begin();
    state.set({ thresholds: thresholds.filter((_, j) => j !== i), rates: rates.filter((_, j) => j !== i) });
  });

  row.show = (thresholds, rates, i, highest) => {
    const last = i === rates.length - 1;
    swatch.style.background = Number.isFinite(rates[i]) ? rateColour(rates[i], highest) : "none";
    write(threshold, last ? (i ? `≥ ${significant(thresholds[i - 1] ?? NaN)}` : "any") : thresholds[i]);
    threshold.disabled = last;
    write(rate, rates[i]);
    threshold.setAttribute("aria-label", last ? "Distances above" : `Threshold of row ${i + 1}`);
    rate.setAttribute("aria-label", `Rate of row ${i + 1}`);
    const rises = Number.isFinite(thresholds[i]) && thresholds[i] > (thresholds[i - 1] ?? 0);
    const falls = Number.isInteger(rates[i]) && rates[i] >= 1 && rates[i] <= (rates[i - 1] ?? Infinity);
    threshold.setAttribute("aria-invalid", String(!last && !rises));
    rate.setAttribute("aria-invalid", String(!falls));
    remove.setAttribute("aria-label", `Remove row ${i + 1}`);
    remove.disabled = rates.length < 2;
  };
  return row;
}

/** Never over what is being typed. */
function write(input, value) {
  if (document.activeElement !== input || input.disabled) input.value = value ?? input.value;
}

function insert(list, at, value) {
  return [...list.slice(0, at), value, ...list.slice(at)];
}
