// The Study room: studies to take part in, one question after the other, and what everybody preferred.
// A participant is a token in the address (?study=...), with which the study goes on on any device.
import { whenOpened } from "../shared/nav.js";
import { make } from "../shared/format.js";
import { visitor } from "../shared/visitor.js";
import { createQuestion } from "./question.js";
import { createResults } from "./results.js";

const PARAMETER = "study";
const ABOUT =
  "Three videos of one prompt: the baseline, and two that were made faster. Say which of the two is better, without " +
  "knowing how they were made. Answers are kept without name or address.";

export function mount({ element, server }) {
  whenOpened("study", () => open(element, server));
}

async function open(element, server) {
  const notice = make("p", "study-notice");
  notice.setAttribute("role", "status");
  const view = make("div", "study-view");
  element.replaceChildren(notice, view);
  let current; // the question shown, to leave its keys behind

  const ask = async (name, question = {}, unreached = () => {}) => {
    try {
      const answer = await server[name](question);
      notice.textContent = answer.error ?? "";
      return answer.error ? null : answer;
    } catch {
      unreached();
      notice.textContent = "The server does not answer; answers given so far are kept.";
      return null;
    }
  };
  const show = (...nodes) => {
    current?.leave();
    current = undefined;
    view.replaceChildren(...nodes);
  };

  /** `why` is what brought the visitor here, if that has to be said; else the notice is empty. */
  async function showList(why = "") {
    const answer = await ask("studies");
    if (!answer) return;
    if (!why) remember(""); // else the link stays: what stood against it may pass
    notice.textContent = why;
    const list = make("ul", "studies");
    list.append(...answer.studies.map(row));
    const none = make("p", "study-none", "No study yet. Make one of runs below, or with python -m app study create.");
    show(make("p", "study-about", ABOUT), answer.studies.length ? list : none, createMaking());
    element.dataset.ready = "true";
  }

  function row(study) {
    const item = make("li", "study");
    const words = make("div", "study-words");
    const people = study.participants === 1 ? "1 participant" : `${study.participants} participants`;
    words.append(make("b", "", study.title), make("span", "", `${study.model}, ${study.questions} questions, ${people}`));
    const join = button("primary", "Take part", async () => {
      const joined = await ask("joined", { study: study.id });
      if (joined) showQuestion(joined.token);
    });
    const results = button("secondary", "Results", async () => {
      const found = await ask("results", { study: study.id });
      if (found) show(button("quiet", "All studies", () => showList()), createResults(found, study.id));
    });
    item.append(words, join, results);
    return item;
  }

  function createMaking() {
    const form = make("form", "study-making");
    const title = Object.assign(make("input"), { type: "text", maxLength: 200, placeholder: "Title of a new study" });
    title.id = "study-title";
    title.setAttribute("aria-label", "Title of a new study");
    const make_ = button("secondary", "Make a study of my runs", () => {});
    const help = make("span", "", "Every two runs of one prompt, seed and settings that differ in their method become a question.");
    form.append(title, make_, help);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (await ask("created", { title: title.value || "Which video is better?", visitor: visitor() })) showList();
    });
    make_.type = "submit";
    return form;
  }

  async function showQuestion(token, place = null) {
    remember(token);
    let answers = true;
    const asked = await ask("question", { token, ...(place === null ? {} : { place }) }, () => (answers = false));
    if (!asked) {
      if (answers) return showList(notice.textContent ?? "");
      return show(button("secondary", "Try again", () => showQuestion(token, place))); // the link stays in the address
    }
    if (asked.done) {
      const end = make("div", "study-end");
      end.append(make("b", "", "All questions are answered. Thank you."), button("secondary", "All studies", () => showList()));
      show(end);
      return;
    }
    const question = createQuestion(asked, {
      answer: async (given) => {
        if (await ask("answer", { token, place: asked.place, ...given })) showQuestion(token, forward(asked));
      },
      back: asked.place > 0 ? () => showQuestion(token, asked.place - 1) : null,
      leave: () => showList(),
    });
    show(question.root);
    current = question;
    element.dataset.place = String(asked.place);
  }

  const token = new URLSearchParams(location.search).get(PARAMETER);
  if (token) await showQuestion(token);
  else await showList();
  element.dataset.ready = "true";
}

/** After going back the next question follows; else the first that is not answered. */
function forward({ place, given }) {
  return given ? place + 1 : null;
}

function remember(token) {
  const address = new URL(location.href);
  if (token) address.searchParams.set(PARAMETER, token);
  else address.searchParams.delete(PARAMETER);
  history.replaceState(history.state, "", address);
}

function button(kind, text, act) {
  const made = make("button", kind, text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}
