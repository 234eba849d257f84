// Trial: several methods on one prompt and seed, made on this machine; their videos in step, their points beside the rest.
import { heading } from "../shared/heading.js";
import { createTimelines } from "./timelines.js";
import { make } from "../shared/format.js";
import { receive } from "../shared/nav.js";
import { createTransport, keepTogether, loopingVideo } from "../shared/together.js";
import { visitor } from "../shared/visitor.js";

const ASK_MILLISECONDS = 1000;
const UNREACHED_MILLISECONDS = 5000;
const FIRST = 4; // methods chosen at first, of different families
const MOST = 12; // that the server takes at once
const HELP =
  "Every chosen method generates this prompt with this seed; the baseline is made once. The runs wait in the same queue as " +
  "the Studio's, go on when this page is closed, and are kept in Runs. One prompt is no comparison: its points are hollow " +
  "in the plot and stand apart in the table.";

export function createTrial(state, server) {
  const root = make("section", "compare-trial");
  const form = make("form", "trial-form");
  const prompt = Object.assign(make("input"), { type: "text", maxLength: 1500, required: true });
  prompt.setAttribute("aria-label", "Prompt of the trial");
  const seed = Object.assign(make("input"), { type: "number", min: "0", step: "1", value: "0", required: true });
  seed.setAttribute("aria-label", "Seed of the trial");
  const start = Object.assign(make("button", "secondary", "Generate these"), { type: "submit" });
  const stop = Object.assign(make("button", "quiet", "Stop"), { type: "button", hidden: true });
  form.append(prompt, seed, start, stop);
  const choice = createMethods(state);
  const said = make("p", "trial-said");
  said.setAttribute("role", "status");
  const videos = make("div", "trial-videos");
  const timelines = createTimelines(state, (error) => (said.textContent = error));
  root.append(heading("On one prompt", HELP), form, choice.root, said, timelines.root, videos);

  let asking = 0;
  let shown = "";
  let parting = () => {};
  const question = () => ({ visitor: visitor(), prompt: prompt.value, seed: Number(seed.value) });
  const ask = async (name, more = {}) => {
    clearTimeout(asking);
    const asked = question();
    try {
      const answer = await server[name]({ ...asked, ...more });
      if (JSON.stringify(question()) !== JSON.stringify(asked)) return; // another prompt by now
      if (answer.error) said.textContent = answer.error;
      else take(answer);
    } catch {
      said.textContent = "The server does not answer; what goes there goes on.";
      asking = setTimeout(() => ask("standing"), UNREACHED_MILLISECONDS);
    }
  };
  const take = ({ going, failed, points, baseline, baseline_timeline: whole }) => {
    said.textContent = describe(going, failed);
    stop.hidden = !going.length;
    state.setOwn(points);
    timelines.show(points, whole, baseline);
    const files = [baseline, ...points.map(({ video }) => video)].join();
    if (files !== shown) {
      shown = files;
      parting();
      parting = showVideos(videos, state, baseline, points);
    }
    if (going.length) asking = setTimeout(() => ask("standing"), ASK_MILLISECONDS);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask("started", { methods: choice.chosen() });
  });
  stop.addEventListener("click", () => ask("stopped"));
  for (const field of [prompt, seed]) field.addEventListener("change", () => prompt.value.trim() && ask("standing"));

  const adopt = (text, number) => {
    prompt.value = text;
    seed.value = String(number);
    ask("standing");
  };
  let followed = "";
  const follow = () => {
    if (state.run === followed) return;
    followed = state.run;
    const [number, ...words] = state.run.split(" ");
    adopt(words.join(" "), number);
  };
  state.on(follow);
  follow();
  receive("compare", (gift) => {
    adopt(gift.prompt, gift.seed);
    root.scrollIntoView();
  });
  return root;
}

/** Chips of the visible methods, the first of some families chosen. */
function createMethods(state) {
  const root = make("div", "trial-methods");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Methods of the trial");
  const firsts = (count) => {
    const points = state.visible().filter(({ family, own }) => family && !own);
    const found = new Map(points.map((point) => [point.family, point.name]).reverse());
    return new Set([...found.values()].reverse().slice(0, count));
  };
  let chosen = firsts(FIRST);
  const every = make("button", "quiet", "One of each family");
  every.type = "button";
  every.title = `The first method of each family that is shown, ${MOST} at most`;
  every.addEventListener("click", () => {
    chosen = firsts(MOST);
    show();
  });
  const show = () => {
    const points = state.visible().filter(({ family, own }) => family && !own);
    root.replaceChildren(every, ...points.map(({ name, family }) => {
      const chip = make("button", "trial-method", name);
      chip.type = "button";
      chip.setAttribute("aria-pressed", String(chosen.has(name)));
      chip.style.setProperty("--own", state.colour(family));
      chip.addEventListener("click", () => {
        if (!chosen.delete(name)) chosen.add(name);
        chip.setAttribute("aria-pressed", String(chosen.has(name)));
      });
      return chip;
    }));
  };
  let drawn = "";
  const showOnce = () => {
    const families = [...state.shown].join() + document.body.className;
    if (families === drawn) return;
    drawn = families;
    show();
  };
  state.on(showOnce);
  showOnce();
  return { root, chosen: () => [...chosen] };
}

function showVideos(root, state, baseline, points) {
  if (!points.length) {
    root.replaceChildren();
    return () => {};
  }
  const metric = state.chosen();
  const figures = [
    ["Baseline", baseline, ""],
    ...points.map((point) => {
      const value = point.quality[metric.id];
      const quality = value === null || value === undefined ? "" : `${value.toFixed(metric.digits)} ${metric.unit}, `;
      const [{ computed, steps }] = point.schedules;
      return [point.name, point.video, `${quality}${point.speedup.toFixed(2)}×, ${computed.length} of ${steps} steps`, point.notes];
    }),
  ];
  const videos = figures.map(([, path]) => loopingVideo(path));
  const grid = make("div", "trial-grid");
  grid.append(...figures.map(([name, , told, notes], i) => {
    const figure = make("figure");
    const caption = make("figcaption");
    caption.append(make("b", "", name), make("span", "", told));
    if (notes?.length) {
      const doubt = make("span", "doubt", "speed in doubt");
      doubt.title = notes.join(" ");
      caption.append(doubt);
    }
    videos[i].setAttribute("aria-label", `${name}. ${told}`);
    figure.append(videos[i], caption);
    return figure;
  }));
  root.replaceChildren(grid, createTransport(videos));
  return keepTogether(videos);
}

function describe(going, failed) {
  const running = going.find(({ state }) => state === "running");
  const waiting = going.length - (running ? 1 : 0);
  const parts = [];
  if (running) parts.push(`${running.name}: ${running.of ? `${running.made} of ${running.of} steps` : "loading"}`);
  if (waiting) parts.push(`${waiting} waiting`);
  if (failed.length) parts.push(`failed: ${failed.join("; ")}`);
  return parts.join(", ");
}
