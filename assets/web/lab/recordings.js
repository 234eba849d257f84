// The shelf: recordings as chips, several selected at once; a new one is recorded here or uploaded.
import { badge } from "../shared/identity.js";
import { MAX_SELECTED } from "./state.js";
import { receive } from "../shared/nav.js";
import { make } from "../shared/format.js";
import { visitor } from "../shared/visitor.js";
import { orSilence } from "../shared/silence.js";

const MAX_BYTES = 1_000_000;

export function createRecordings({ state, server, trigger, props, watch }) {
  const root = make("section", "lab-recordings");
  const list = make("div", "chips");
  const empty = make("p", "lab-message", "No recordings yet; record or upload one below.");
  const count = make("span", "count");
  const title = make("h2", "", "Recordings");
  title.append(count);
  const adding = createAdding({ server, trigger, props, watch }, refresh);
  const notice = make("p", "lab-message lab-deleted");
  notice.setAttribute("role", "status");
  root.append(title, list, empty, notice, adding);

  const show = () => {
    empty.hidden = state.recordings.length > 0;
    count.textContent = `${state.slots.size} of ${state.recordings.length} selected`;
    while (list.childElementCount > state.recordings.length) list.lastChild.remove();
    while (list.childElementCount < state.recordings.length) list.append(createChip(state, remove));
    state.recordings.forEach((recording, i) => list.children[i].show(recording));
  };
  const reload = async () => Object.assign(state, { recordings: (await orSilence(server.opening({}))).recordings ?? state.recordings });
  async function remove({ id, prompt }) {
    const answer = await orSilence(server.deleted({ id }));
    if (answer.error) return notice.replaceChildren(answer.error);
    const other = state.recordings.find((recording) => recording.id !== id);
    if (state.slots.has(id) && state.slots.size === 1 && other) await state.toggle(other.id);
    if (state.slots.has(id)) await state.toggle(id);
    await reload();
    state.tell("recordings");
    const undo = make("button", "quiet", "Undo");
    undo.addEventListener("click", async () => {
      const { error } = await orSilence(server.restored({ id }));
      notice.replaceChildren(error ?? "");
      if (!error) await refresh(id);
    });
    notice.replaceChildren(`Deleted: ${prompt} `, undo);
  }
  async function refresh(added) {
    await reload();
    if (state.slots.size === MAX_SELECTED) state.slots.delete(state.ids().at(-1));
    state.tell("recordings");
    if (!state.slots.has(added)) await state.toggle(added);
    list.querySelector(`[data-id="${CSS.escape(added)}"]`)?.scrollIntoView({ block: "nearest" });
  }
  state.on(["recordings", "selection", "focus"], show);
  return root;
}

function createChip(state, remove) {
  const item = make("div", "chip-item");
  const chip = make("button", "chip");
  const bin = make("button", "chip-delete", "\u00d7");
  bin.title = "Delete this recording";
  item.append(chip, bin);
  let listed = null;
  bin.addEventListener("click", () => remove(listed));
  const prompt = make("span", "prompt");
  const steps = make("span", "steps");
  let shown = null;
  chip.addEventListener("click", () => state.toggle(shown));
  item.show = ({ id, prompt: text, seed, steps: number, model, own }) => {
    shown = id;
    listed = { id, prompt: text };
    bin.hidden = !own;
    bin.setAttribute("aria-label", `Delete: ${text}`);
    chip.dataset.id = id;
    prompt.textContent = text;
    steps.textContent = number;
    chip.title = `${text}\nseed ${seed}, ${number} steps, ${model}`;
    chip.setAttribute("aria-pressed", String(state.slots.has(id)));
    chip.classList.toggle("focused", state.focus === id);
    chip.disabled = state.slots.size === MAX_SELECTED && !state.slots.has(id);
    chip.replaceChildren(badge(state.slots.get(id)), prompt, steps);
  };
  return item;
}

function createAdding({ server, trigger, props, watch }, refresh) {
  const fold = make("details", "lab-adding");
  const prompt = Object.assign(make("textarea"), { rows: 2, maxLength: 500, value: props.prompt, id: "lab-prompt" });
  const seed = Object.assign(make("input"), { type: "number", min: 0, step: 1, value: "0", id: "lab-seed" });
  const record = make("button", "secondary", "Record");
  record.id = "lab-record";
  const stop = make("button", "secondary", "Stop");
  stop.id = "lab-record-stop";
  stop.disabled = true;
  const file = Object.assign(make("input"), { type: "file", accept: ".json,application/json", id: "lab-file", hidden: true });
  const upload = make("button", "quiet", "Upload a recording");
  const message = make("p", "lab-message");
  message.setAttribute("role", "status");
  const row = make("div", "lab-buttons");
  row.append(field("Seed", seed), record, stop);
  fold.append(make("summary", "", "Add a recording"), field("Prompt", prompt), row, message, upload, file);
  const say = (text, kind = "info") => {
    message.textContent = text;
    message.dataset.kind = kind;
  };

  const start = (question) => {
    record.disabled = true;
    stop.disabled = false;
    say("Waiting for the model");
    trigger("start_recording", { question: { ...question, visitor: visitor() } });
  };
  record.addEventListener("click", () => start({ prompt: prompt.value, seed: seed.valueAsNumber, visitor: visitor() }));
  receive("lab", ({ run }) => {
    fold.open = true;
    if (!record.disabled) start({ run });
  });
  stop.addEventListener("click", () => trigger("stop_recording", { visitor: visitor() }));
  watch("recorded", () => {
    const { state, kind, text, added } = props.recorded;
    record.disabled = state === "running";
    stop.disabled = state !== "running";
    say(text, kind);
    if (state === "done") refresh(added);
  });

  upload.addEventListener("click", () => file.click());
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    file.value = "";
    if (!chosen) return;
    if (chosen.size > MAX_BYTES) return say(`${chosen.name} is larger than 1 MB; it is not a recording of the Lab.`, "error");
    try {
      const answer = await server.uploaded({ text: await chosen.text() });
      if (answer.error) return say(`${chosen.name} was not added: ${answer.error}`, "error");
      await refresh(answer.added);
      say(`${chosen.name} was added.`);
    } catch {
      say("The server does not answer; nothing was added.", "error");
    }
  });
  return fold;
}

function field(name, input) {
  const made = make("label", "field", name);
  made.append(input);
  return made;
}
