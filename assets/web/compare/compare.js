// The Compare room: families to filter by, the quality-latency plot, the table, and the paper's FLOPs beside ours.
import { createPlot } from "./plot.js";
import { createTable, createFlops } from "./table.js";
import { whenOpened } from "../shared/nav.js";
import { make } from "../shared/format.js";

export function mount({ element, props }) {
  whenOpened("compare", () => open(element, props));
}

function open(element, props) {
  const families = props.families.filter((family) => props.points.some((point) => point.family === family));
  const state = createState(props, families);
  const side = make("div", "compare-side");
  side.append(createFamilies(state, families), createAbout(state, props.kinds));
  const bench = make("div", "compare-bench");
  if (props.points.length) {
    bench.append(make("p", "compare-note", props.about), createPlot(state), createTable(state));
  } else {
    bench.append(make("p", "compare-note", "No comparison is here yet; python -m app compare --out DIR makes one."));
  }
  if (props.flops.length) bench.append(createFlops(props.flops));
  element.replaceChildren(side, bench);
  element.dataset.ready = "true";
}

/** Which families are shown, which point is looked at; callbacks hear of both. */
function createState({ points, dominance, parameter, families: order }, families) {
  const listeners = [];
  const state = {
    points,
    parameter,
    shown: new Set(families),
    looked: "",
    colour: (family) => (family ? `var(--family-${order.indexOf(family)})` : "var(--baseline)"),
    visible: () => points.filter(({ family }) => !family || state.shown.has(family)),
    point: (name) => points.find((point) => point.name === name),
    answer: (name) => dominance.find(({ point }) => point === name),
    on: (callback) => listeners.push(callback),
    tell: () => listeners.forEach((callback) => callback()),
  };
  state.look = (name) => {
    if (state.looked === name) return;
    state.looked = name;
    state.tell();
  };
  state.toggle = (family) => {
    if (!state.shown.delete(family)) state.shown.add(family);
    state.tell();
  };
  return state;
}

function createFamilies(state, families) {
  const root = make("section", "compare-families");
  root.append(make("h2", "", "Families"));
  for (const family of families) {
    const button = make("button", "family");
    const swatch = make("i", "swatch");
    swatch.style.background = state.colour(family);
    button.append(swatch, make("span", "", family));
    button.addEventListener("click", () => state.toggle(family));
    const show = () => button.setAttribute("aria-pressed", String(state.shown.has(family)));
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
    const family = state.point(state.looked)?.family || kinds[0].family;
    const { text, source } = kinds.find((kind) => kind.family === family);
    root.replaceChildren(make("h2", "", family), make("p", "", text), make("p", "source", source));
  };
  state.on(show);
  show();
  return root;
}
