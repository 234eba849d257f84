// The Codebook Lab: drawn when it is opened for the first time. This file only puts its instruments in their places.
import { createBlocks } from "./blocks.js";
import { createCodebook } from "./codebook.js";
import { createCurve } from "./curve.js";
import { createFigures } from "./figures.js";
import { createFront } from "./front.js";
import { createHeat } from "./heat.js";
import { createNumbers } from "./numbers.js";
import { createPaint } from "./paint.js";
import { createRealRun } from "./real-run.js";
import { createRecordings } from "./recordings.js";
import { createState } from "./state.js";
import { createStrips } from "./strips.js";
import { createWorth } from "./worth.js";
import { whenOpened } from "../shared/nav.js";
import { make } from "../shared/format.js";
import { visitor } from "../shared/visitor.js";

export function mount({ element, props, watch, trigger, server }) {
  whenOpened("lab", () => open({ element, props, watch, trigger, server: signed(server) }));
}

/** The server's questions, each naming the browser that asks: recordings are kept for it alone on a shared server. */
function signed(server) {
  return new Proxy(server, { get: (_, name) => (question) => server[name]({ ...question, visitor: visitor() }) });
}

async function open({ element, props, watch, trigger, server }) {
  const state = createState(server);
  const opening = await server.opening({}).catch(() => ({ error: "The server does not answer; reload the page." }));
  if (opening.error) return element.replaceChildren(make("p", "lab-message", opening.error));
  const { recordings, presets, preset, motion, reuses, signals } = opening;
  Object.assign(state, { recordings, presets, motion, reuses, signals });
  const { thresholds, rates } = presets.find((item) => item.id === preset);
  state.codebook = state.draft = { thresholds, rates };

  const side = make("div", "lab-side");
  const bench = make("div", "lab-bench");
  const run = createRealRun({ state, trigger, props, watch });
  const tool = { state, server, trigger, props, watch, run };
  side.append(createRecordings(tool), createCodebook(tool));
  const upper = make("div", "lab-row");
  upper.append(createHeat(state), createCurve(state));
  const middle = make("div", "lab-row");
  middle.append(createNumbers(tool), createStrips(state));
  const lower = make("div", "lab-row");
  lower.append(createFront(tool), createFigures(tool));
  bench.append(upper, createBlocks(state), middle, createPaint(tool), createWorth(tool), lower);
  element.replaceChildren(side, bench);

  state.undoKeys(element);
  state.on(["answer"], () => {
    element.dataset.answers = Number(element.dataset.answers ?? 0) + 1;
    element.dataset.settled = state.settled();
  });
  state.on(["codebook", "motion", "reuse", "signal", "selection"], () => (element.dataset.settled = state.settled()));
  state.tell("recordings", "presets", "codebook", "motion");
  if (recordings.length) {
    state.slots = new Map(recordings.slice(0, 2).map(({ id }, slot) => [id, slot]));
    state.focus = recordings[0].id;
    await state.reselect();
  }
  element.dataset.ready = "true";
}
