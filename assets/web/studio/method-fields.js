// The settings of the chosen method: a labelled field each, entered as its type asks for. The server says which fields
// there are and checks what they hold; a field left empty is none.
import { make } from "../shared/format.js";

export function mount({ element, props, watch }) {
  let shown = "";
  const show = () => {
    const now = JSON.stringify([props.fields, props.value]);
    if (now === shown || !props.value) return;
    const { of, settings } = props.value;
    const made = createGroup(props.fields, settings, () => {
      props.value = { of, settings: made.read() };
      shown = JSON.stringify([props.fields, props.value]);
    });
    shown = now;
    element.dataset.of = of;
    element.replaceChildren(...made.parts);
  };
  watch(["fields", "value"], show);
  show();
}

/** A field for every entry of a form; `read()` gives the settings by name. */
function createGroup(fields, settings, changed) {
  const made = fields.map((field) => [field.name, createField(field, settings?.[field.name] ?? null, changed)]);
  return {
    parts: made.map(([, { root }]) => root),
    read: () => Object.fromEntries(made.map(([name, { read }]) => [name, read()])),
  };
}

const ENTRIES = { number: createNumber, choice: createChoice, list: createList, range: createRange, group: createOptional, rows: createRows };

function createField(field, value, changed) {
  const root = make("div", "method-field");
  const name = make("span", "name", field.label);
  const { parts, read } = ENTRIES[field.entry](field, value, changed);
  root.dataset.name = field.name;
  root.append(name, ...parts.slice(0, 1), make("p", "text", field.text), ...parts.slice(1));
  return { root, read };
}

function createNumber({ label, whole }, value, changed) {
  const input = numberInput(label, value, whole, changed);
  return { parts: [input], read: () => numberOf(input) };
}

function createChoice({ label, options }, value, changed) {
  const select = make("select");
  select.setAttribute("aria-label", label);
  select.append(...options.map((option) => Object.assign(make("option", "", option), { value: option })));
  select.value = value;
  select.addEventListener("change", changed);
  return { parts: [select], read: () => select.value };
}

function createRange({ label, whole }, value, changed) {
  const root = make("span", "range");
  const [low, high] = ["first", "last"].map((end, i) => numberInput(`${label}, ${end}`, value?.[i] ?? null, whole, changed));
  root.append(low, "to", high);
  return { parts: [root], read: () => [numberOf(low), numberOf(high)] };
}

function createList({ label, whole }, values, changed) {
  const input = make("textarea");
  Object.assign(input, { value: (values ?? []).join(" "), spellcheck: false });
  input.setAttribute("aria-label", label);
  input.addEventListener("input", changed);
  // What is no number goes to the server as it stands, which says so.
  const read = () => input.value.split(whole ? /[\s,;-]+/ : /[\s,;]+/).filter(Boolean).map((word) => (Number.isNaN(Number(word)) ? word : Number(word)));
  return { parts: [make("span"), input], read };
}

function createOptional({ label, parts: fields }, value, changed) {
  const inside = make("div", "method-parts");
  const on = Object.assign(make("input"), { type: "checkbox", checked: value !== null });
  on.setAttribute("aria-label", label);
  const group = createGroup(fields, value, changed);
  inside.append(...group.parts);
  inside.hidden = !on.checked;
  on.addEventListener("change", () => {
    inside.hidden = !on.checked;
    changed();
  });
  return { parts: [on, inside], read: () => (on.checked ? group.read() : null) };
}

function createRows({ label, parts: fields }, values, changed) {
  const root = make("div", "method-rows");
  const add = make("button", "quiet", "Add");
  add.type = "button";
  add.setAttribute("aria-label", `Add to ${label}`);
  let groups = [];
  const append = (value) => {
    const row = make("div", "method-parts");
    const group = createGroup(fields, value, changed);
    const remove = make("button", "quiet", "Remove");
    remove.type = "button";
    remove.addEventListener("click", () => {
      groups = groups.filter((other) => other !== group);
      row.remove();
      changed();
    });
    row.append(...group.parts, remove);
    groups.push(group);
    root.append(row);
  };
  (values ?? []).forEach(append);
  add.addEventListener("click", () => {
    append(null);
    changed();
  });
  return { parts: [add, root], read: () => groups.map((group) => group.read()) };
}

function numberInput(label, value, whole, changed) {
  const input = Object.assign(make("input"), { type: "number", step: whole ? "1" : "any", value: value ?? "" });
  input.setAttribute("aria-label", label);
  input.addEventListener("input", changed);
  return input;
}

function numberOf({ value }) {
  return value === "" ? null : Number(value);
}
