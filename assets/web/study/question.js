// One question of a study: the baseline and two videos in step, which is better, and which are like the baseline.
import { make } from "../shared/format.js";
import { keepTogether, loopingVideo } from "../shared/together.js";

const CHOICES = [
  ["left", "A is better", "a"],
  ["tie", "No difference", "t"],
  ["right", "B is better", "b"],
];
const LIKE = [
  ["left", "A looks like the baseline", "1"],
  ["right", "B looks like the baseline", "2"],
];

/** `asked` is what the server told; `acts` are answer(given), back() or null, and leave(). */
export function createQuestion(asked, acts) {
  const root = make("section", "question");
  root.setAttribute("aria-label", `Question ${asked.place + 1} of ${asked.of}`);
  const head = make("header", "question-head");
  const count = make("span", "question-count", `${asked.place + 1} of ${asked.of}`);
  const bar = Object.assign(make("progress"), { max: asked.of, value: asked.answered });
  bar.setAttribute("aria-label", "Questions answered");
  const back = quiet("Back", acts.back);
  back.hidden = !acts.back;
  const copy = quiet("Copy the link to go on later", async () => {
    copy.textContent = await navigator.clipboard?.writeText(location.href).then(() => "Copied", () => location.href) ?? location.href;
  });
  head.append(count, bar, back, copy, quiet("Leave", acts.leave));

  const videos = asked.videos.map(loopingVideo);
  const frames = make("div", "question-videos");
  frames.append(...["Baseline", "A", "B"].map((title, i) => {
    const figure = make("figure");
    figure.append(videos[i], make("figcaption", i ? "" : "baseline", title));
    return figure;
  }));
  const started = performance.now();

  const state = { choice: asked.given?.choice ?? "", left: asked.given?.left_like_baseline ?? false, right: asked.given?.right_like_baseline ?? false };
  const next = make("button", "primary", "Next");
  next.type = "button";
  next.title = "Enter";
  const choices = group("Which of A and B is better?", CHOICES.map(([name, text, key]) => choice(text, key, () => {
    state.choice = name;
    refresh();
  })));
  const like = group("Which cannot be told from the baseline?", LIKE.map(([name, text, key]) => choice(text, key, () => {
    state[name] = !state[name];
    refresh();
  })));
  const refresh = () => {
    choices.buttons.forEach((made, i) => made.setAttribute("aria-pressed", String(CHOICES[i][0] === state.choice)));
    like.buttons.forEach((made, i) => made.setAttribute("aria-pressed", String(state[LIKE[i][0]])));
    next.disabled = !state.choice;
  };
  const send = () => {
    if (!state.choice || next.dataset.sent) return;
    next.dataset.sent = "true";
    acts.answer({
      choice: state.choice,
      left_like_baseline: state.left,
      right_like_baseline: state.right,
      seconds: (performance.now() - started) / 1000,
    }).finally(() => delete next.dataset.sent);
  };
  next.addEventListener("click", send);
  root.append(head, make("p", "question-prompt", asked.prompt), frames, choices.root, like.root, next);
  refresh();

  const keys = new Map([
    ...CHOICES.map(([, , key], i) => /** @type {[string, () => void]} */ ([key, () => choices.buttons[i].click()])),
    ...LIKE.map(([, , key], i) => /** @type {[string, () => void]} */ ([key, () => like.buttons[i].click()])),
    ["enter", send],
  ]);
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, button")) return;
    const act = keys.get(event.key.toLowerCase());
    if (!act || !root.isConnected || !root.offsetParent) return;
    event.preventDefault();
    act();
  };
  document.addEventListener("keydown", press);
  const part = keepTogether(videos);
  const leave = () => {
    document.removeEventListener("keydown", press);
    part();
  };
  return { root, leave };
}

function group(title, buttons) {
  const root = make("fieldset", "question-group");
  root.append(make("legend", "", title), ...buttons);
  return { root, buttons };
}

function choice(text, key, act) {
  const made = make("button", "choice", text);
  made.type = "button";
  made.append(make("kbd", "", key.toUpperCase()));
  made.addEventListener("click", () => {
    act();
    made.blur(); // so that Enter goes on instead of pressing it again
  });
  return made;
}

function quiet(text, act) {
  const made = make("button", "quiet", text);
  made.type = "button";
  if (act) made.addEventListener("click", act);
  return made;
}
