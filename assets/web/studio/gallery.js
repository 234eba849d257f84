// The gallery: clips from calm to fast, each with the schedule that one codebook chooses on it; the slider scales all
// thresholds. The schedules were simulated beforehand for every place of the slider, so a move needs no server.
import { headerButton } from "../shared/header-buttons.js";
import { make, unpack } from "../shared/format.js";
import { remember, remembered } from "../shared/remember.js";
import { loopingVideo } from "../shared/together.js";
import { visitor } from "../shared/visitor.js";
import { createOffer } from "../tour/offer.js";
import { linked } from "./session.js";

const KEY = "adacache-gallery";
const TITLE = "Not all videos are created equal";
const PATIENCE = 1500; // milliseconds after which the clips play on a browser that is never idle
const whenIdle = (play) => {
  if ("requestIdleCallback" in window) requestIdleCallback(play, { timeout: PATIENCE });
  else setTimeout(play); // Safari
};

export function mount({ element, props: sent, trigger }) {
  const props = unpack(sent);
  const section = make("section", "gallery");
  section.setAttribute("aria-label", TITLE);
  const slider = Object.assign(make("input"), { type: "range", min: 0, max: props.scales.length - 1, step: 1, id: "gallery-slider" });
  slider.value = String(props.start);
  const scale = make("output", "gallery-scale");
  const label = make("label", "gallery-threshold");
  label.append(make("span", "", "Thresholds"), slider, scale);
  const close = make("button", "quiet", "Close");
  const summary = make("p", "gallery-summary");
  const pointed = make("p", "gallery-pointed");
  pointed.setAttribute("aria-hidden", "true"); // each clip is read out with it
  const list = make("div", "gallery-clips");
  const cards = props.clips.map((clip) => createCard(clip, press, (told) => (pointed.textContent = told)));
  list.append(...cards.map(({ root }) => root));
  list.addEventListener("pointerleave", () => (pointed.textContent = HINT));
  const pause = createPause(cards.map(({ video }) => video));
  const heading = make("header", "gallery-heading");
  heading.append(make("h2", "", TITLE), make("span", "gallery-label", "recorded"), make("span", "gallery-label", "simulated"), ...createOffer(), label, pause.button, close);
  section.append(heading, summary, list, pointed);
  element.replaceChildren(section);

  function press({ name }) {
    trigger("select", { name, position: Number(slider.value), visitor: visitor() });
    document.getElementById("prompt")?.scrollIntoView({ block: "nearest" });
  }
  const show = () => {
    const position = Number(slider.value);
    const times = `× ${props.scales[position].toFixed(2)}`;
    scale.textContent = times;
    slider.setAttribute("aria-valuetext", `${times} the thresholds of ${props.codebook}`);
    for (const card of cards) card.show(position);
    summary.textContent = summaryOf(props, position);
    element.dataset.position = String(position);
  };
  slider.addEventListener("input", show);
  pointed.textContent = HINT;
  show();

  const open = (wanted) => {
    element.hidden = !wanted;
    reopen.setAttribute("aria-expanded", String(wanted));
    remember(KEY, wanted ? "open" : "closed");
    pause.play(wanted);
  };
  const reopen = headerButton("gallery-button", "Gallery", () => {
    open(element.hidden);
    if (!element.hidden) section.scrollIntoView({ block: "nearest" });
  });
  close.addEventListener("click", () => {
    open(false);
    reopen.focus();
  });
  foldWithTheFirstRun(() => element.hidden || open(false));
  const wanted = remembered(KEY) !== "closed" && !linked; // a link shows its run
  element.hidden = !wanted;
  reopen.setAttribute("aria-expanded", String(wanted));
  whenIdle(() => pause.play(!element.hidden)); // the controls come first
  element.dataset.ready = "true";
}

const HINT = "Point at a clip to read its prompt; press it to fill in the Studio.";

/** A press on Generate is for the run, which then has the whole bench. */
function foldWithTheFirstRun(fold) {
  document.getElementById("generate")?.addEventListener("click", fold);
  document.getElementById("prompt")?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.shiftKey) fold(); // as Gradio submits a field of several lines
  });
}

function summaryOf({ clips, codebook }, position) {
  const counts = clips.map(({ computed }) => computed[position].length);
  const plain = clips.map(({ plain: without }) => without[position]);
  const steps = Math.max(...clips.map((clip) => clip.steps));
  return `${range(counts)} of ${steps} steps computed; without motion regularisation ${range(plain)}. ${codebook}, all its thresholds scaled together; dB predicted.`;
}

function range(counts) {
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  return fewest === most ? String(fewest) : `${fewest} to ${most}`;
}

function createCard(clip, press, point) {
  const root = make("button", "gallery-clip");
  root.type = "button";
  root.dataset.name = clip.name;
  const video = loopingVideo(clip.video);
  Object.assign(video, { autoplay: false, preload: "none", poster: clip.poster, tabIndex: -1, disablePictureInPicture: true });
  video.setAttribute("aria-hidden", "true");
  const strip = make("span", "gallery-strip");
  const count = make("b");
  const db = make("span", "gallery-db");
  const figures = make("span", "gallery-figures");
  figures.append(count, db);
  root.append(video, strip, figures);
  let told = "";
  const tell = () => point(told);
  root.addEventListener("click", () => press(clip));
  root.addEventListener("pointerenter", tell);
  root.addEventListener("focus", tell);

  const show = (position) => {
    const computed = clip.computed[position];
    const predicted = clip.db[position];
    strip.style.background = barcode(computed, clip.steps);
    root.dataset.computed = computed.join(" ");
    count.textContent = String(computed.length);
    db.textContent = predicted === null ? "" : `${predicted.toFixed(0)} dB`;
    const quality = predicted === null ? "" : `, ${predicted.toFixed(1)} dB predicted`;
    told = `${clip.prompt}: ${computed.length} of ${clip.steps} steps${quality}`;
    root.setAttribute("aria-label", `Open in the Studio: ${told}`);
  };
  return { root, video, show };
}

/** Solid where a step is computed, tinted where it is reused, in one style. */
function barcode(computed, steps) {
  const solid = new Set(computed);
  const stops = Array.from({ length: steps }, (_, i) => {
    const colour = solid.has(i + 1) ? "var(--adacache)" : "var(--adacache-reused)";
    return `${colour} ${((100 * i) / steps).toFixed(2)}% ${((100 * (i + 1)) / steps).toFixed(2)}%`;
  });
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

/** Plays while the gallery is open, unless it was paused or the system asks for less motion. */
function createPause(videos) {
  const button = make("button", "quiet", "");
  button.type = "button";
  let wanted = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  let open = false;
  const show = () => {
    for (const video of videos) {
      if (open) video.preload = "auto"; // a gallery that stays closed costs nothing
      open && wanted ? video.play().catch(() => {}) : video.pause();
    }
    button.textContent = wanted ? "Pause" : "Play";
    button.setAttribute("aria-label", wanted ? "Pause all clips" : "Play all clips");
  };
  button.addEventListener("click", () => {
    wanted = !wanted;
    show();
  });
  const play = (opened) => {
    open = opened;
    show();
  };
  return { button, play };
}
