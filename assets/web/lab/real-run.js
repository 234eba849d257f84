// The real run that this page started: a recording's request with the codebook or with the painted schedule. One goes at
// a time; what it did is kept in the state, beside the question it answers.
import { visitor } from "../shared/visitor.js";

export function createRealRun({ state, trigger, props, watch }) {
  const run = { going: false, painted: false, asked: null, text: "", kind: "info", stage: "" };

  /** `question` is what the server is asked, `simulated` the computed steps that it predicts. */
  run.start = (question, simulated) => {
    if (run.going) return;
    const painted = "computed" in question;
    Object.assign(run, { going: true, painted, asked: { question, simulated }, text: "Waiting for the model", kind: "info" });
    trigger("submit", { question: { ...question, visitor: visitor() } });
    state.tell("real");
  };
  run.stop = () => trigger("stop", { visitor: visitor() });
  run.say = (text) => Object.assign(run, { text, kind: "info" });

  watch("real", () => {
    const { id, real, made, kind, text, state: stage } = props.real;
    if (!run.asked) return;
    Object.assign(run, { going: stage === "running", stage, kind });
    const kept = run.painted ? state.realPainted : state.real;
    if (real?.computed) kept[id] = { ...run.asked, run: real, made };
    else if (!run.going) delete kept[id];
    const total = id ? state.recording(id).steps : 0;
    run.text = run.going && !text && made ? `Generating, step ${made} of ${total}` : text || "Waiting for the model";
    state.tell("real");
  });
  return run;
}
