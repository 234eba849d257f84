// The Studio's codebook: the table, and the codebook as text to copy, paste or load from a file.
import { createTable } from "../shared/codebook-table.js";
import { latest, sameRows } from "../shared/codebook-editing.js";
import { editing } from "./codebook-state.js";
import { make } from "../shared/format.js";

import { visitor } from "../shared/visitor.js";
import { orSilence } from "../shared/silence.js";

const MAX_BYTES = 20_000;

export function mount({ element, props, watch, server }) {
  const offer = ({ presets }) => {
    editing.presets = presets;
    editing.tell("presets");
  };
  const table = createTable(editing, "studio", createOwn(server, offer), createText(server));
  element.replaceChildren(table);
  table.querySelector("select").after(createFit(server));
  editing.undoKeys(element);
  editing.undoKeys(document.querySelector(".panel-charts") ?? element);

  const check = latest((rows) => server.checked(rows), ({ error }) => {
    editing.error = error;
    editing.tell("answer");
  });
  const take = () => {
    if (!props.value || sameRows(props.value, editing.draft)) return;
    if (editing.draft) editing.load(props.value);
    else {
      editing.set(props.value);
      editing.tell("loaded");
    }
  };
  watch("value", take);
  watch("presets", () => offer(props));
  take();
  offer(props);
  orSilence(server.offered({ visitor: visitor() })).then((answer) => answer.presets && offer(answer));
  editing.on(["codebook"], () => {
    props.value = editing.draft;
    check(editing.draft);
  });
}

/** What the codebook was made for, where the settings are others: said before they are run. */
function createFit(server) {
  const said = make("p", "codebook-fit");
  said.setAttribute("role", "status");
  let settings = null; // the values of all controls, as they last changed
  const look = latest((question) => server.unlike(question), ({ said: text }) => (said.textContent = text ?? ""));
  const ask = () => settings && look({ settings, codebook: editing.draft });
  window.addEventListener("adacache-settings", (event) => {
    settings = /** @type {CustomEvent} */ (event).detail;
    ask();
  });
  editing.on(["codebook"], ask);
  return said;
}

/** Delete a codebook that was calibrated here; for an hour it can be had back. */
function createOwn(server, offer) {
  const root = make("p", "codebook-own");
  root.setAttribute("role", "status");
  const remove = make("button", "quiet", "Delete this codebook");
  remove.id = "codebook-delete";
  let gone = null;
  const ask = async (question, { id, title }) => {
    const { error, presets } = await orSilence(server[question]({ id, visitor: visitor() }));
    if (error) return root.replaceChildren(error);
    gone = question === "deleted" ? { id, title } : null;
    offer({ presets });
  };
  const show = () => {
    const chosen = editing.preset();
    const undo = make("button", "quiet", "Undo");
    undo.addEventListener("click", () => ask("restored", gone));
    if (chosen?.own) root.replaceChildren(remove);
    else if (gone) root.replaceChildren(`Deleted: ${gone.title} `, undo);
    else root.replaceChildren();
  };
  remove.addEventListener("click", () => ask("deleted", editing.preset()));
  editing.on(["presets", "codebook"], show);
  return root;
}

/** Copy as JSON or Python, paste, or a file. */
function createText(server) {
  const root = make("details", "codebook-text");
  const summary = make("summary", "", "Copy, paste or load");
  const field = Object.assign(make("textarea"), { rows: 3, spellcheck: false });
  field.id = "codebook-paste";
  field.placeholder = '{"0.08": 6, "0.16": 5, "1.00": 1}';
  field.setAttribute("aria-label", "Codebook as JSON");
  const said = make("p", "codebook-error");
  said.setAttribute("role", "status");
  const use = make("button", "quiet", "Use this JSON");
  const load = make("button", "quiet", "Load a file");
  const file = Object.assign(make("input"), { type: "file", accept: ".json,application/json", hidden: true });
  file.id = "codebook-file";
  const json = make("button", "quiet", "Copy JSON");
  const python = make("button", "quiet", "Copy Python");
  const buttons = make("div", "codebook-buttons");
  buttons.append(use, load, json, python, file);
  root.append(summary, field, buttons, said);

  const take = async (text) => {
    const { error, ...codebook } = await orSilence(server.parsed({ text }));
    said.textContent = error ?? "";
    if (!error) editing.load(codebook);
  };
  const copy = async (text) => {
    field.value = text;
    field.select();
    said.textContent = "";
    await navigator.clipboard?.writeText(text).catch(() => {}); // what could not be copied stands selected in the field
  };
  use.addEventListener("click", () => take(field.value));
  load.addEventListener("click", () => file.click());
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    if (chosen.size > MAX_BYTES) said.textContent = `${chosen.size} bytes are too many for a codebook; at most ${MAX_BYTES}.`;
    else {
      field.value = await chosen.text();
      await take(field.value);
    }
    file.value = "";
  });
  json.addEventListener("click", () => copy(asJson(editing.draft)));
  python.addEventListener("click", () => copy(asPython(editing.draft)));
  return root;
}

/** The published notation; JSON.stringify would sort keys that look like whole numbers first. */
function asJson({ thresholds, rates }) {
  return `{${thresholds.map((threshold, i) => `"${threshold}": ${rates[i]}`).join(", ")}}`;
}

function asPython({ thresholds, rates }) {
  const tuple = (values) => `(${values.join(", ")}${values.length === 1 ? "," : ""})`;
  return `Codebook(thresholds=${tuple(thresholds)}, rates=${tuple(rates)})`;
}
