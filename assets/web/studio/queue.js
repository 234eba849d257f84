// The queue: this visitor's runs that go, wait or just ended. Asks the server now and then how they stand, and has
// them followed again when their news stop: after a reload, a lost connection, or a run asked for elsewhere.
import { keepSettings, opening } from "./session.js";
import { make } from "../shared/format.js";
import { go } from "../shared/nav.js";
import { visitor } from "../shared/visitor.js";

const ASK_MILLISECONDS = 3000;
const ELSEWHERE = ["lab", "compare", "calibration"]; // what shows its runs itself
const OVER = ["done", "stopped", "failed"];
const ICONS = { up: "M3 8.5 7 4.5l4 4", down: "M3 5.5l4 4 4-4", cancel: "M3.5 3.5l7 7M10.5 3.5l-7 7" };

export function mount({ element, props, watch, trigger, server }) {
  const list = make("ol", "queue-list");
  list.setAttribute("aria-label", "Your runs, in their order");
  const note = make("p", "queue-note", props.note);
  const said = make("p", "queue-said");
  said.setAttribute("role", "status");
  element.replaceChildren(list, said, note);

  let runs = [];
  let unlisted = 0; // runs that wait behind those
  let hidden = null; // runs that were over when the present series began, or the page was opened with none going
  let following = 0; // when news of a run last arrived, or were last asked for
  const active = () => runs.filter(({ state }) => !OVER.includes(state));

  let news = 0; // listings taken so far
  const take = (listing, more) => {
    news += 1;
    const quiet = !active().length;
    runs = listing;
    unlisted = more;
    if (!hidden || (quiet && active().length)) {
      hidden = new Set(runs.filter(({ state }) => OVER.includes(state)).map(({ id }) => id));
    }
    show();
  };
  const show = () => {
    const visible = runs.filter(({ id }) => !hidden.has(id));
    element.dataset.active = active().length;
    element.classList.toggle("open", visible.length > 1 || visible.some(({ state }) => state === "waiting"));
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.act;
    list.replaceChildren(...visible.map((run) => createRow(run, acts)));
    if (unlisted) list.append(make("li", "queued", unlisted === 1 ? "and 1 more" : `and ${unlisted} more`));
    if (focused) list.querySelector(`[data-act="${CSS.escape(focused)}"]`)?.focus();
  };
  const ask = async (question, rest = {}) => {
    const before = news;
    try {
      const { error, listing, more } = await server[question]({ visitor: visitor(), ...rest });
      said.textContent = error ?? "";
      if (listing && news === before) take(listing, more); // else it is older than what came while it was under way
    } catch {
      said.textContent = "The server does not answer.";
    }
  };
  const acts = {
    cancel: ({ id }) => ask("cancelled", { id }),
    move: ({ id }, places) => ask("moved", { id, places }),
    open: () => go("runs"),
  };
  const follow = () => {
    following = Date.now();
    trigger("follow", { visitor: visitor() });
  };
  const look = async () => {
    await ask("listing");
    const own = active().some(({ room }) => !ELSEWHERE.includes(room));
    if (own && Date.now() - following > ASK_MILLISECONDS) follow();
  };

  watch("listing", () => {
    following = Date.now();
    take(props.listing, props.more);
  });
  watch("called", follow);
  watch("opened", () => {
    keepSettings();
    look();
    setInterval(look, ASK_MILLISECONDS);
    element.dataset.ready = "true";
  });
  trigger("enter", opening());
}

function createRow(run, acts) {
  const row = make("li", `queued ${run.state}`);
  row.dataset.id = run.id;
  const words = make("span", "queued-words");
  words.append(make("span", "queued-prompt", run.prompt), make("span", "queued-state", describe(run)));
  words.title = `${run.prompt}\n${run.about}`;
  row.append(words);
  if (run.state === "waiting") {
    row.append(
      act("up", run, "Earlier", () => acts.move(run, -1)),
      act("down", run, "Later", () => acts.move(run, 1)),
    );
  }
  if (!OVER.includes(run.state)) {
    row.append(act("cancel", run, run.state === "waiting" ? "Cancel" : "Stop", () => acts.cancel(run)));
  } else if (run.run) {
    const open = make("button", "quiet", "In Runs");
    open.dataset.act = `open ${run.id}`;
    open.setAttribute("aria-label", `Show in Runs: ${run.prompt}`);
    open.addEventListener("click", () => acts.open());
    row.append(open);
  }
  return row;
}

function describe({ state, made, of, ahead, seconds, reason, room }) {
  const from = { studio: "", lab: ", of the Lab", compare: ", of Compare", calibration: ", calibration" }[room] ?? ", of a program";
  const left = seconds >= 0 ? `, about ${Math.ceil(seconds)} s` : "";
  const runs = ahead === 1 ? "1 run goes first" : `${ahead} runs go first`;
  return {
    waiting: `${ahead ? runs : "starts next"}${left}${from}`,
    running: `${of ? `${made} of ${of} steps` : "loading"}${left && `${left} left`}${from}`,
    stopping: "stopping",
    done: `done${from}`,
    stopped: `stopped${reason ? `: ${reason}` : ""}`,
    failed: `failed: ${reason}`,
  }[state];
}

function act(icon, run, name, pressed) {
  const made = make("button", "queued-act");
  made.dataset.act = `${icon} ${run.id}`;
  made.title = name;
  made.setAttribute("aria-label", `${name}: ${run.prompt}`);
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 14 14");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[icon]);
  drawing.append(path);
  made.append(drawing);
  made.addEventListener("click", pressed);
  return made;
}
