// The Lab's state: one codebook on some recordings, and what the server answered. Panels change it through these
// functions and hear of changes by name; questions are asked one at a time, and only the latest counts.
import { createEditing, latest, same } from "../shared/codebook-editing.js";
import { orSilence } from "../shared/silence.js";

export const MAX_SELECTED = 12;

export function createState(server) {
  const state = createEditing({ asked: () => ask(), highestRate: () => state.lags() });
  const { tell } = state;
  Object.assign(state, {
    recordings: [],
    slots: new Map(), // selected recording -> slot
    focus: "",
    motion: false,
    reuse: "hold", // what stands in for a step that is not computed
    signal: "", // a latent signal that is looked up; empty for the recordings' own residual
    measured: {},
    blocks: {}, // recording -> [block, its change in every step from the second on], where several were probed
    answer: null,
    answered: null, // the codebook the answer is for
    front: null,
    real: {}, // recording -> what a real run did, with the codebook and motion it had
    realPainted: {}, // recording -> the same of a run with a painted schedule
  });
  state.ids = () => [...state.slots.keys()];
  state.recording = (id) => state.recordings.find((recording) => recording.id === id);
  state.steps = () => Math.max(...state.ids().map((id) => state.recording(id).steps));
  state.lags = () => Math.min(...state.ids().map((id) => state.measured[id]?.at(-1).length ?? 0));
  state.question = (ids = state.ids()) => ({ ...(state.draft ?? state.codebook), ids, motion: state.motion, reuse: state.reuse, signal: state.signal });

  let replied = null; // the last question that was answered, if only with what is wrong
  state.settled = () => same(replied, state.question());
  const simulate = latest((question) => server.simulated(question), (answer, question) => {
    replied = question;
    state.error = answer.error ?? "";
    if (!answer.error) [state.answer, state.answered] = [answer, question];
    tell("answer");
  });
  const asksFront = latest((question) => server.front(question), (answer, question) => {
    state.front = answer.error ? { ...state.front, error: answer.error } : { ...answer, key: keyOf(question) };
    tell("front");
  });
  const askFront = (question) => {
    if (state.front) state.front.error = "";
    asksFront(question);
  };
  /** A real run is shown only beside the codebook it had. */
  state.realOf = (id) => {
    const real = state.real[id];
    return real && same(real.question, state.question([id])) ? real : null;
  };
  const ask = () => state.slots.size && simulate(state.question());
  state.frontIsCurrent = () => state.front?.key === keyOf(state.question());

  state.setMotion = (motion) => {
    state.motion = motion;
    ask();
    if (state.slots.size) askFront(state.question());
    tell("motion");
  };
  state.setReuse = (reuse) => {
    state.reuse = reuse;
    ask();
    if (state.slots.size) askFront(state.question());
    tell("reuse");
  };
  /** Another signal has other units: the thresholds are taken over for the same compute. Latent signals have no motion. */
  let units = ""; // the signal in whose units the thresholds are
  let rescaling = false;
  state.setSignal = async (signal) => {
    state.signal = signal;
    if (signal && state.motion) state.setMotion(false);
    tell("signal");
    if (rescaling) return; // what goes on ends with the latest signal
    rescaling = true;
    const error = await rescale().catch(() => "The server does not answer; the signal is what it was.");
    rescaling = false;
    if (error) {
      state.signal = units;
      state.error = error;
      tell("signal", "answer");
      return;
    }
    ask();
    if (state.slots.size) askFront(state.question());
  };
  /** Take the thresholds over until they are in the units of the signal; what stands against it comes back in words. */
  const rescale = async () => {
    while (units !== state.signal) {
      const question = { ...state.question(), before: units };
      const answer = state.slots.size ? await server.rescaled(question) : {};
      if (answer.error) return answer.error;
      if (state.slots.size && !same({ ...state.question(), signal: question.signal, before: units }, question)) continue; // changed meanwhile
      if (answer.thresholds) state.load(answer);
      units = question.signal;
    }
    return "";
  };
  state.toggle = (id) => {
    if (!state.slots.delete(id)) {
      if (state.slots.size === MAX_SELECTED) return;
      const taken = [...state.slots.values()];
      state.slots.set(id, Array.from({ length: MAX_SELECTED }, (_, i) => i).find((i) => !taken.includes(i)));
      state.slots = new Map([...state.slots].sort((one, other) => one[1] - other[1]));
      state.focus = id;
    } else if (state.slots.size === 0) {
      state.slots.set(id, 0);
    } else if (state.focus === id) {
      state.focus = state.ids()[0];
    }
    return state.reselect();
  };
  const measured = (ids) =>
    orSilence(server.measured({ ...state.question(ids), motion: false }));
  state.reselect = async () => {
    const missing = state.ids().filter((id) => !(id in state.measured));
    const answer = missing.length ? await measured(missing) : {};
    for (const id of missing) {
      if (answer.error) state.slots.delete(id); // its recording is gone, say
      else [state.measured[id], state.blocks[id]] = [answer[id].lags, answer[id].blocks];
    }
    if (!state.slots.has(state.focus)) state.focus = state.ids()[0] ?? "";
    tell("selection", "loaded");
    if (answer.error) {
      state.error = answer.error;
      tell("answer");
    }
    if (!state.slots.size) return;
    ask();
    askFront(state.question());
  };
  /** Hand a schedule of the recording in front to the painting. */
  state.paint = (computed) => {
    state.toPaint = computed;
    tell("paint");
  };
  state.look = (id) => {
    state.focus = id;
    tell("focus");
  };
  return state;
}

function keyOf({ ids, motion, reuse, signal }) {
  return JSON.stringify([ids, motion, reuse, signal]);
}
