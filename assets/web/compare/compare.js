// The Compare room: families to filter by, quality against cost, all schedules on one axis, the table, the paper's FLOPs.
import { createBarcodes } from "./barcodes.js";
import { createExport } from "./export.js";
import { createPlot } from "./plot.js";
import { createSpread } from "./spread.js";
import { createTable, createFlops } from "./table.js";
import { createTrial } from "./trial.js";
import { whenOpened } from "../shared/nav.js";
import { make, onTheme } from "../shared/format.js";

export function mount({ element, props, server }) {
  whenOpened("compare", () => open(element, props, server));
}

function open(element, props, server) {
  const state = createState(props);
  const side = make("div", "compare-side");
  side.append(createFamilies(state, props.families), createAbout(state, props.kinds));
  const bench = make("div", "compare-bench");
  if (props.points.length) {
    const note = make("p", "compare-note", props.about);
    bench.append(
      note,
      createExport(state),
      createPlot(state),
      createBarcodes(state),
      createTrial(state, server),
      createSpread(state, props.groups),
      createTable(state),
      createWorth(props.worth),
    );
  } else {
    bench.append(make("p", "compare-note", "No comparison is here yet; python -m app compare --out DIR makes one."));
  }
  if (props.flops.length) bench.append(createFlops(props.flops));
  element.replaceChildren(side, bench);
  element.dataset.ready = "true";
}

/** Which families are shown, which point is looked at, what quality is; callbacks hear of changes. */
function createState({ points, metrics, colours, parameter, families }) {
  const listeners = [];
  const state = {
    points,
    metrics,
    parameter,
    metric: metrics[0]?.id,
    reference: "quality", // or "converged"
    shown: new Set(families),
    looked: "",
    run: "", // seed and prompt whose schedules are shown
    colour: (family) => {
      const theme = document.body.classList.contains("dark") ? "dark" : "light";
      return colours[family]?.[theme] ?? "var(--baseline)";
    },
    made: [], // the same as the server tells them
    own: [], // points of the visitor's own runs of the prompt that is looked at
    visible: () => [...points, ...state.own].filter(({ family }) => !families.includes(family) || state.shown.has(family)),
    point: (name) => [...points, ...state.own].find((point) => point.name === name),
    value: (point, metric = state.metric) => point[state.reference]?.[metric] ?? null,
    chosen: () => metrics.find(({ id }) => id === state.metric),
    on: (callback) => listeners.push(callback),
    tell: () => listeners.forEach((callback) => callback()),
  };
  state.set = (name, value) => {
    if (state[name] === value) return;
    state[name] = value;
    state.tell();
  };
  state.setOwn = (made) => {
    if (JSON.stringify(made) === JSON.stringify(state.made)) return;
    state.made = made;
    state.own = made.map((point) => ({ ...point, name: `${point.name} (your run)` }));
    state.tell();
  };
  state.look = (name) => state.set("looked", name);
  state.toggle = (family) => {
    if (!state.shown.delete(family)) state.shown.add(family);
    state.tell();
  };
  onTheme(state.tell);
  return state;
}

function createFamilies(state, families) {
  const root = make("section", "compare-families");
  root.append(make("h2", "", "Families"));
  for (const family of families) {
    const button = make("button", "family");
    const swatch = make("i", family.includes("+") ? "swatch extrapolated" : "swatch");
    button.append(swatch, make("span", "", family));
    button.addEventListener("click", () => state.toggle(family));
    const show = () => {
      button.setAttribute("aria-pressed", String(state.shown.has(family)));
      swatch.style.background = state.colour(family);
    };
    state.on(show);
    show();
    root.append(button);
  }
  return root;
}

/** The paragraph on the method that is looked at. */
function createAbout(state, kinds) {
  const root = make("section", "compare-about");
  const show = () => {
    const found = kinds.find((kind) => kind.family === state.point(state.looked)?.family) ?? kinds[0];
    if (!found) return;
    root.replaceChildren(make("h2", "", found.family), make("p", "", found.text), make("p", "source", found.source));
  };
  state.on(show);
  show();
  return root;
}

/** What each schedule is worth over an even one, in sentences. */
function createWorth(sentences) {
  const root = make("section", "compare-worth");
  const list = make("ul");
  list.append(...sentences.map((text) => make("li", "", text)));
  const none = make("p", "", "No even schedule of like compute is among these points.");
  root.append(make("h2", "", "Against even steps of the same compute and the same reuse"), sentences.length ? list : none);
  return root;
}
