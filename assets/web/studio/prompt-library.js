// Prompts to choose from, searched by word, and one composed at random. A press puts a prompt into the prompt field.
import { make } from "../shared/format.js";

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
  head.append(open, dice);
  element.replaceChildren(head, shelf);

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
