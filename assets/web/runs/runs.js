// The Runs room: every run on disk, newest first. Open one in the Studio, compare several, export, import, delete.
import { go, whenOpened, whenShown } from "../shared/nav.js";
import { createComparison } from "./comparison.js";
import { createDamagedRow, createRow } from "./row.js";
import { download } from "../shared/download.js";
import { openRun, opensRuns } from "../shared/open-run.js";
import { make } from "../shared/format.js";
import { visitor } from "../shared/visitor.js";

const MAX_ZIP = 64_000_000;
const MOST = 6; // runs side by side
const EMPTY = "No runs yet. Generate a video in the Studio, or import the zip of a run made elsewhere.";
const FILES = ".zip,application/zip,.mp4,video/mp4";
const FILES_TITLE = "The zip of a run, or the MP4 of a share card: its settings go to the Studio";

export function mount({ element, props, watch, trigger, server, upload }) {
  props.value = visitor(); // by which the server knows whose a run is
  let failed = (error) => error;
  opensRuns((run, refused) => {
    failed = refused;
    trigger("select", { run, visitor: visitor() });
  });
  watch("opened", () => {
    const { error, at } = props.opened;
    if (error) failed(error);
    else if (at) go("studio");
  });
  whenOpened("runs", () => open({ element, props, trigger, server, upload }));
}

function open({ element, props, trigger, server, upload }) {
  const tools = make("div", "runs-tools");
  const filter = Object.assign(make("input"), { type: "search", placeholder: "Filter by prompt, model or method" });
  filter.id = "runs-filter";
  filter.setAttribute("aria-label", "Filter the runs");
  const count = make("span", "runs-count");
  const compare = make("button", "secondary", "Compare");
  compare.id = "runs-compare";
  const add = make("button", "secondary", "Import a run");
  add.title = FILES_TITLE;
  const file = Object.assign(make("input"), { type: "file", accept: FILES, hidden: true });
  file.id = "runs-file";
  tools.append(filter, count, compare, add, file);
  const notice = createNotice();
  const comparison = createComparison();
  const list = make("ul", "runs-list");
  list.setAttribute("aria-label", "Runs, newest first");
  const empty = make("p", "runs-empty", EMPTY);
  const whose = make("p", "runs-whose", "Runs are kept for this browser only, and the oldest make room for new ones.");
  whose.hidden = !props.public;
  element.replaceChildren(tools, notice.root, comparison.root, empty, list, whose);

  let runs = [];
  let damaged = [];
  let total = 0;
  let chosen = []; // ids to compare, the one chosen last at the end
  let latest = 0;

  /** Ask the server; null if it answers with an error or not at all, which is then said. */
  const ask = async (question, rest = {}) => {
    try {
      const answer = await server[question]({ visitor: visitor(), ...rest });
      if (!answer.error) return answer;
      notice.say(answer.error, "error");
    } catch {
      notice.say("The server does not answer; nothing was changed.", "error");
    }
    return null;
  };
  const refresh = async () => {
    const mine = ++latest;
    const answer = await ask("listing");
    if (!answer || mine !== latest) return;
    ({ runs, count: total, damaged } = answer);
    chosen = chosen.filter((id) => runs.some((run) => run.id === id));
    show();
    element.dataset.ready = "true";
  };
  const show = () => {
    const words = filter.value.toLowerCase().split(/\s+/);
    const text = (run) => `${run.prompt} ${run.model} ${run.method} ${run.made}`.toLowerCase();
    const found = runs.filter((run) => words.every((word) => text(run).includes(word)));
    count.textContent = !runs.length ? "" : found.length < runs.length ? `${found.length} of ${total}` : `${total}`;
    empty.hidden = found.length > 0 || (damaged.length > 0 && !filter.value);
    empty.textContent = runs.length ? "No run fits the filter." : EMPTY;
    compare.disabled = chosen.length < 2;
    compare.textContent = chosen.length < 2 ? "Compare" : `Compare ${chosen.length}`;
    compare.title = chosen.length < 2 ? `Mark two to ${MOST} runs to compare them` : "";
    const broken = filter.value ? [] : damaged.map((run) => createDamagedRow(run, acts));
    list.replaceChildren(...found.map((run) => createRow(run, chosen.includes(run.id), acts)), ...broken);
  };
  const acts = {
    open: ({ id }) => {
      notice.say("");
      openRun(id, (error) => notice.say(error, "error"));
    },
    mark: ({ id }, wanted) => {
      chosen = chosen.filter((other) => other !== id);
      if (wanted) chosen = [...chosen.slice(1 - MOST), id];
      show();
      list.querySelector(`[data-id="${CSS.escape(id)}"] input`)?.focus();
    },
    export: async ({ id }) => {
      const answer = await ask("exported", { id });
      if (answer) download(answer);
    },
    card: async ({ id, prompt }, kind) => {
      notice.say(`Making the ${kind.toUpperCase()} of: ${prompt}`);
      const answer = await ask("carded", { id, kind });
      if (!answer) return;
      notice.say("");
      download(answer);
    },
    delete: async ({ id, prompt }) => {
      if (!(await ask("deleted", { id }))) return;
      notice.say(`Deleted: ${prompt}`, "info", async () => {
        if (!(await ask("restored", { id }))) return;
        notice.say("");
        refresh();
      });
      refresh();
    },
  };
  compare.addEventListener("click", async () => {
    const answer = await ask("compared", { ids: chosen });
    if (answer) comparison.show(answer);
  });
  filter.addEventListener("input", show);
  add.addEventListener("click", () => file.click());
  file.addEventListener("change", async () => {
    const [picked] = file.files;
    file.value = "";
    if (!picked) return;
    if (picked.size > MAX_ZIP) return notice.say(`${picked.name} is larger than 64 MB; it was not imported.`, "error");
    notice.say(`Importing ${picked.name}`);
    add.disabled = true;
    try {
      const kind = /\.mp4$/i.test(picked.name) ? "mp4" : "zip";
      const { path } = await upload(new File([picked], `${visitor()}.${kind}`)); // by which the server knows whose it is
      const answer = await ask("imported", { path });
      if (answer?.settings) {
        notice.say("");
        trigger("select", { settings: answer.settings, visitor: visitor() });
      } else if (answer) {
        notice.say(answer.known ? `The run of ${picked.name} was here already.` : `${picked.name} was imported.`);
        await refresh();
        list.querySelector(`[data-id="${CSS.escape(answer.added)}"]`)?.scrollIntoView({ block: "nearest" });
      }
    } catch {
      notice.say(`${picked.name} could not be uploaded; nothing was changed.`, "error");
    }
    add.disabled = false;
  });
  whenShown("runs", refresh);
}

function createNotice() {
  const root = make("p", "runs-notice");
  root.setAttribute("role", "status");
  const say = (text, kind = "info", undo = null) => {
    root.replaceChildren(make("span", "", text));
    root.dataset.kind = kind;
    if (!undo) return;
    const button = make("button", "quiet", "Undo");
    button.addEventListener("click", undo);
    root.append(button);
  };
  return { root, say };
}
