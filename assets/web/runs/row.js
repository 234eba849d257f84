// One run in the list: its poster and prompt open it, a box marks it for comparison, buttons make its card, export and delete it.
import { createCardKinds } from "../shared/kinds.js";
import { make } from "../shared/format.js";

const ICONS = {
  card: "M1.5 2.5h11v9h-11zM1.5 9h11M7 2.5V9",
  export: "M7 1.5v7M4 5.8 7 8.8l3-3M2 12h10",
  delete: "M2.5 3.5h9M5.5 3.5v-1.5h3v1.5M3.5 3.5l.6 8.5h5.8l.6-8.5",
};

export function createRow(run, marked, acts) {
  const row = make("li", "run");
  row.dataset.id = run.id;
  const box = Object.assign(make("input"), { type: "checkbox", checked: marked });
  box.setAttribute("aria-label", `Compare: ${run.prompt}`);
  box.addEventListener("change", () => acts.mark(run, box.checked));

  const open = make("button", "run-open");
  const poster = make("img", "poster");
  poster.alt = "";
  if (run.poster) poster.src = run.poster;
  const words = make("span", "run-words");
  words.append(make("span", "run-prompt", run.prompt), make("span", "run-about", about(run)));
  open.append(poster, words);
  open.title = run.opens ? "Open in the Studio" : "Not shown by the Studio; it can be compared and exported";
  open.disabled = !run.opens;
  open.addEventListener("click", () => acts.open(run));

  const label = run.reused ? "earlier baseline" : "speedup";
  const speedup = figure(`${run.speedup.toFixed(2)}×`, run.doubts ? `${label}, in doubt` : label, "speedup");
  const earlier = run.reused ? `The baseline was measured in an earlier run, on ${run.reused}.` : "";
  speedup.title = [run.doubts, earlier].filter(Boolean).join(" ");
  const computed = figure(`${run.computed}/${run.steps}`, "computed");
  const [first] = run.quality;
  const quality = figure(first.value ? `${first.value} ${first.unit}` : "–", first.title);
  quality.title = run.quality.map(({ title, value, unit, reason }) => `${title} ${`${value} ${unit}`.trim() || reason}`).join(", ");
  const made = figure(run.made, run.imported ? "imported" : "", "made");
  const save = button("export", `Export as zip: ${run.prompt}`, () => acts.export(run));
  const share = button("card", `Share card: ${run.prompt}`);
  const card = createCardKinds(share, `Share card of ${run.prompt}`, (kind) => acts.card(run, kind));
  const remove = button("delete", `Delete: ${run.prompt}`, () => acts.delete(run));
  row.append(box, open, speedup, computed, quality, made, card, save, remove);
  return row;
}

/** A run whose files cannot be read: why, and a button that deletes it. */
export function createDamagedRow(run, acts) {
  const row = make("li", "run damaged");
  row.dataset.id = run.id;
  const words = make("span", "run-words");
  words.append(make("span", "run-prompt", `Damaged run ${run.id}`), make("span", "run-about", run.reason));
  row.append(words, button("delete", `Delete: ${run.id}`, () => acts.delete({ id: run.id, prompt: run.id })));
  return row;
}

function about({ model, size, method, seed }) {
  return [model, size, method, `seed ${seed}`].filter(Boolean).join(" · ");
}

function figure(value, name, kind = "") {
  const made = make("span", `run-figure ${kind}`);
  made.append(make("b", "", value), make("span", "", name));
  return made;
}

function button(icon, label, act = null) {
  const made = make("button", `run-act ${icon}`);
  made.title = label.split(":")[0];
  made.setAttribute("aria-label", label);
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 14 14");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[icon]);
  drawing.append(path);
  made.append(drawing);
  if (act) made.addEventListener("click", act);
  return made;
}
