// Prompts to choose from, searched by word, and one composed at random. A press puts a prompt into the prompt field.
import { make } from "../shared/format.js";

const MAX_BYTES = 200_000;

export function mount({ element, props, watch, trigger }) {
  const open = make("button", "quiet", "Prompt library");
  open.id = "library-open";
  open.setAttribute("aria-expanded", "false");
  const dice = make("button", "quiet", "Surprise me");
  dice.id = "surprise";
  dice.title = "A random prompt of words that Sprites understands";
  const shelf = make("div", "shelf");
  shelf.hidden = true;
  const search = Object.assign(make("input"), { type: "search", placeholder: "Search prompts" });
  search.setAttribute("aria-label", "Search prompts");
  const list = make("div", "shelf-list");
  shelf.append(search, list);
  const head = make("div", "library-head");
  const load = make("button", "quiet", "From a file");
  load.id = "prompts-load";
  load.title = "Queue a run for each line of a text file, with these settings";
  const file = Object.assign(make("input"), { type: "file", accept: ".txt,text/plain", hidden: true });
  file.id = "prompts-file";
  const said = make("p", "library-said");
  said.setAttribute("role", "status");
  head.append(open, load, dice, file);
  element.replaceChildren(head, said, shelf);

  const toggle = (wanted) => {
    shelf.hidden = !wanted;
    open.setAttribute("aria-expanded", String(wanted));
    if (wanted) search.focus();
  };
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const groups = props.groups.map(({ title, prompts }) => {
      const found = prompts.filter(({ text }) => words.every((word) => `${title} ${text}`.toLowerCase().includes(word)));
      return found.length ? [make("h3", "", title), ...found.map(entry)] : [];
    });
    list.replaceChildren(...groups.flat());
    if (!list.childElementCount) list.append(make("p", "shelf-none", "No prompt has these words."));
  };
  const entry = ({ text, known }) => {
    const button = make("button", "example");
    button.append(make("span", "example-text", text));
    if (known) button.append(make("span", "example-known", known.length ? `understood: ${known.join(", ")}` : "no word understood"));
    button.title = text;
    button.addEventListener("click", () => {
      trigger("select", { prompt: text });
      toggle(false);
      open.focus();
    });
    return button;
  };
  open.addEventListener("click", () => toggle(shelf.hidden));
  dice.addEventListener("click", () => trigger("click", {}));
  load.addEventListener("click", () => file.click());
  file.addEventListener("change", async () => {
    const [picked] = file.files;
    file.value = "";
    if (!picked) return;
    try {
      const prompts = await readPrompts(picked);
      said.textContent = "";
      trigger("queue_prompts", { prompts });
    } catch (error) {
      said.textContent = error.message;
    }
  });
  search.addEventListener("input", show);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || shelf.hidden) return;
    toggle(false);
    open.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!element.contains(event.target)) toggle(false);
  });
  watch("groups", show);
  show();
}

/** Prompts of a text file, one a line; empty lines and repetitions are left out. */
async function readPrompts(file) {
  if (file.size > MAX_BYTES) throw new Error(`${file.name} is larger than ${MAX_BYTES / 1000} kB; it was not read.`);
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    throw new Error(`${file.name} is not UTF-8 text; save it as UTF-8 and load it again.`);
  }
  const prompts = [...new Set(text.split(/\r?\n/).map((line) => line.trim()).filter(Boolean))];
  if (!prompts.length) throw new Error(`${file.name} holds no prompt; it takes one a line.`);
  return prompts;
}
