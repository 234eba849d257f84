// What can be done with a painted schedule: undo, lock, search the rest, run it, hand it to the Studio, keep and open it.
import { go } from "../shared/nav.js";
import { make } from "../shared/format.js";
import { visitor } from "../shared/visitor.js";

const MAX_BYTES = 100_000;

export function createPaintTools({ state, server, trigger, props, watch, run, painting, show: redraw }) {
  const root = make("div", "paint-tools");
  const { schedule } = painting;
  const press = (id, className, text, act) => {
    const button = make("button", className, text);
    button.id = id;
    button.type = "button";
    button.addEventListener("click", act);
    return button;
  };
  const pointing = [false, true].map((locking) =>
    press(locking ? "lab-paint-lock" : "lab-paint-brush", "chip-button", locking ? "Lock" : "Paint", () => {
      painting.locking = locking;
      redraw();
    }),
  );
  const choice = make("span", "choice");
  choice.setAttribute("role", "group");
  choice.setAttribute("aria-label", "What a press on a step does");
  choice.append(...pointing);
  const undo = press("lab-paint-undo", "quiet", "Undo", () => {
    schedule.undo();
    painting.follow(); // where the codebook's is back, it is the present one
  });
  const back = press("lab-paint-reset", "quiet", "Back to the codebook", () => {
    schedule.reset();
    painting.follow();
  });
  const search = press("lab-paint-search", "secondary", "Search the rest", () => fill());
  search.title = "The best predicted picture with as many computed steps; locked steps stay";
  const start = press("lab-paint-run", "primary", "Run it", () => run.start({ ...painting.question(), ids: [state.focus] }, schedule.computed()));
  start.title = "Generate the recording in front with exactly these steps, and compare";
  const stop = press("lab-paint-stop", "secondary", "Stop", run.stop);
  const hand = press("lab-paint-studio", "secondary", "Open in the Studio", () =>
    trigger("hand_over", { question: { ...painting.question(), ids: [state.focus], visitor: visitor() } }),
  );
  const keep = press("lab-paint-keep", "quiet", "Keep it as a file", () => download());
  const file = Object.assign(make("input"), { type: "file", accept: ".json,application/json", id: "lab-paint-file", hidden: true });
  const open = press("lab-paint-open", "quiet", "Open a schedule", () => file.click());
  const message = make("p", "lab-message");
  message.setAttribute("role", "status");
  root.append(choice, undo, back, search, start, stop, hand, keep, open, file, message);

  let notice = null; // what became of the last press, until something else happens
  const say = (text, kind = "info") => {
    notice = { text, kind };
    redraw();
  };
  /** Ask the server; what is shown stays where it cannot answer. */
  const ask = async (name, question, use) => {
    try {
      const answer = await server[name](question);
      if (answer.error) say(answer.error, "error");
      else use(answer);
    } catch {
      say("The server does not answer; the schedule is kept.", "error");
    }
  };
  let searching = false;
  const fill = async () => {
    searching = true;
    redraw();
    const asked = painting.question();
    await ask("filled", { ...asked, locked: schedule.locks() }, (answer) => {
      notice = { text: answer.words, kind: "info" };
      schedule.take({ steps: schedule.drawing.computed.length, computed: answer.computed });
    });
    searching = false;
    redraw();
  };
  const download = () =>
    ask("kept", { ...painting.question(), ids: [state.focus] }, ({ name, text }) => {
      const link = Object.assign(make("a"), { href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: name });
      link.click();
      URL.revokeObjectURL(link.href);
      say(`Kept as ${name}; python -m app generate --schedule ${name} runs it anywhere.`);
    });
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    file.value = "";
    if (!chosen) return;
    if (chosen.size > MAX_BYTES) return say(`${chosen.name} is larger than 100 kB; it is not a schedule.`, "error");
    await ask("schedule", { text: await chosen.text() }, ({ steps, computed, reuse }) => {
      const own = schedule.drawing.computed.length;
      if (steps !== own) return say(`${chosen.name} is a schedule of ${steps} steps; the recording in front has ${own}.`, "error");
      notice = { text: `${chosen.name} is open.`, kind: "info" };
      schedule.take({ steps, computed, locked: [] });
      state.setReuse(reuse);
    });
  });
  watch("handed", () => {
    if (props.handed.error) say(props.handed.error, "error");
    else go("studio");
  });
  let lastStage = "";
  state.on(["real"], () => {
    if (run.painted && run.stage !== lastStage) notice = null; // the run has something newer to say
    lastStage = run.stage;
  });

  const show = () => {
    const { own, history } = schedule.drawing;
    const ready = Boolean(painting.answer) && !painting.error;
    pointing.forEach((button, i) => button.setAttribute("aria-pressed", String(painting.locking === Boolean(i))));
    undo.disabled = history.length === 0;
    back.disabled = !own;
    search.disabled = searching || !ready || painting.answer.runs[state.focus]?.db == null;
    search.textContent = searching ? "Searching" : "Search the rest";
    start.disabled = run.going || !ready;
    stop.disabled = !run.going;
    hand.disabled = keep.disabled = !ready;
    const ofRun = run.painted ? { text: run.text, kind: run.kind } : { text: "", kind: "info" };
    const shown = painting.error ? { text: painting.error, kind: "error" } : (notice ?? ofRun);
    message.textContent = shown.text;
    message.dataset.kind = shown.kind;
  };
  return { root, show };
}
