// Two videos as one: shared clock, seek, frame step, loop, speed, an A/B wipe, their difference, and full size.
import { createDifference } from "./difference.js";
import { createLarge } from "./fullscreen.js";
import { make } from "../shared/format.js";

const SPEEDS = [1, 0.5, 0.25, 2];
const KEYS = [
  ["space", "play or pause"],
  ["← →", "one frame back or forward"],
  ["L", "loop"],
  ["S", "speed"],
  ["W", "wipe one video over the other"],
  ["D", "difference; A amplifies it"],
  ["F", "full size"],
];
const ICONS = {
  play: "M4 2.5 11 7l-7 4.5z",
  pause: "M5 2.5v9M9 2.5v9",
  back: "M9.5 3 5 7l4.5 4M3.5 3v8",
  forward: "M4.5 3 9 7l-4.5 4M10.5 3v8",
  loop: "M11.5 7a4.5 4.5 0 1 1-1.3-3.2M11.5 1.5v2.6H8.9",
  wipe: "M6 3H2v8h4M8 3h4v8H8M7 1v12",
  difference: "M1.5 5.5a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0M5.5 8.5a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0",
  large: "M2 5.5V2h3.5M8.5 2H12v3.5M12 8.5V12H8.5M5.5 12H2V8.5",
};

/** Puts the transport bar into `viewer` and keeps `b` in step with `a`; `onFrame` hears of every other frame shown. */
export function createPlayer(viewer, frames, a, b, onFrame = null) {
  const bar = make("div", "transport");
  const play = button("play", "Play or pause (space)");
  const back = button("back", "One frame back (left arrow)");
  const forward = button("forward", "One frame forward (right arrow)");
  const seek = Object.assign(make("input", "seek"), { type: "range", min: 0, max: 1000, value: 0 });
  seek.setAttribute("aria-label", "Seek both videos");
  const time = make("span", "time");
  const speed = make("button", "control speed", "1×");
  speed.title = "Playback speed (S)";
  const loop = button("loop", "Loop (L)");
  const wipe = button("wipe", "Wipe one video over the other (W)");
  const differ = button("difference", "Difference of both videos (D)");
  const grow = button("large", "Full size (F)");
  const difference = createDifference(b.parentElement, a, b);
  bar.append(back, play, forward, seek, time, difference.factor, speed, loop, wipe, differ, grow, createHelp());
  viewer.append(bar);
  viewer.tabIndex = 0;
  viewer.setAttribute("role", "group");
  viewer.setAttribute("aria-label", `Player. ${KEYS.map(([key, does]) => `${key}: ${does}`).join("; ")}`);

  let fps = 8;
  let looping = true;
  let loaded = "";
  let running = 0;
  let playing = false; // what was asked for; a video that is about to loop is paused for a moment
  loop.setAttribute("aria-pressed", "true");
  wipe.setAttribute("aria-pressed", "false");
  differ.setAttribute("aria-pressed", "false");

  let shown = "";
  const show = () => {
    const length = a.duration || 0;
    const last = Math.max(Math.round(length * fps) - 1, 0);
    const frame = Math.min(Math.floor(a.currentTime * fps + 0.01), last);
    const state = `${loaded} ${frame} ${playing}`;
    if (state === shown) return;
    shown = state;
    difference.draw();
    onFrame?.(frame);
    if (document.activeElement !== seek || playing) seek.value = length ? (1000 * a.currentTime) / length : 0;
    time.textContent = length ? `${frame + 1}/${last + 1}` : "";
    viewer.dataset.playing = String(playing);
    viewer.dataset.drift = Math.abs(a.currentTime - b.currentTime).toFixed(4);
  };
  const tick = () => {
    if (Math.abs(a.currentTime - b.currentTime) > 1 / fps) b.currentTime = a.currentTime;
    show();
    running = playing && a.isConnected ? requestAnimationFrame(tick) : 0; // a comparison that is closed is gone
  };
  const ask = (wanted) => {
    playing = wanted;
    setIcon(play, playing ? "pause" : "play");
    running ||= requestAnimationFrame(tick);
  };
  const start = () => {
    ask(true);
    if (a.ended) goTo(0);
    b.currentTime = a.currentTime;
    Promise.all([a.play(), b.play()]).catch((error) => error.name === "NotAllowedError" && pause());
  };
  const pause = () => {
    ask(false);
    a.pause();
    b.pause();
  };
  const goTo = (moment) => {
    a.currentTime = b.currentTime = Math.min(Math.max(moment, 0), a.duration || 0);
  };
  const showFrame = (frame) => {
    pause();
    goTo((frame + 0.5) / fps);
  };
  const step = (count) => showFrame(Math.floor(a.currentTime * fps + 0.01) + count);
  const toggle = () => (playing ? pause() : start());
  const toggleLoop = () => loop.setAttribute("aria-pressed", String((looping = !looping)));
  const toggleWipe = () => {
    const wiping = frames.classList.toggle("wiping");
    wipe.setAttribute("aria-pressed", String(wiping));
    if (wiping) differ.setAttribute("aria-pressed", String(difference.toggle(false)));
  };
  const toggleDifference = () => {
    const differing = difference.toggle();
    differ.setAttribute("aria-pressed", String(differing));
    if (differing && frames.classList.contains("wiping")) toggleWipe();
  };
  const faster = () => {
    const rate = SPEEDS[(SPEEDS.indexOf(a.playbackRate) + 1) % SPEEDS.length];
    a.playbackRate = b.playbackRate = rate;
    speed.textContent = `${rate}×`;
  };
  const large = createLarge(viewer, () => playing && start()); // a video that changes its place is paused

  a.addEventListener("seeked", show);
  a.addEventListener("loadedmetadata", show);
  a.addEventListener("ended", () => (looping ? start() : pause()));
  play.addEventListener("click", toggle);
  back.addEventListener("click", () => step(-1));
  forward.addEventListener("click", () => step(1));
  loop.addEventListener("click", toggleLoop);
  wipe.addEventListener("click", toggleWipe);
  seek.addEventListener("input", () => goTo((seek.value / 1000) * (a.duration || 0)));
  differ.addEventListener("click", toggleDifference);
  grow.addEventListener("click", large.toggle);
  speed.addEventListener("click", faster);
  b.addEventListener("seeked", () => difference.draw());
  frames.addEventListener("click", () => {
    if (!bar.inert && !frames.classList.contains("wiping")) large.toggle();
  });
  frames.addEventListener("pointermove", (event) => {
    const { left, width } = a.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - left) / width, 0), 1);
    if (frames.classList.contains("wiping")) frames.style.setProperty("--wipe", `${100 * share}%`);
  });
  viewer.addEventListener("keydown", (event) => {
    if (bar.inert || event.target === seek) return;
    const onButton = event.target instanceof HTMLButtonElement;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      ArrowLeft: () => step(-1),
      ArrowRight: () => step(1),
      l: toggleLoop,
      w: toggleWipe,
      d: toggleDifference,
      a: () => difference.factor.hidden || difference.factor.click(),
      s: faster,
      f: large.toggle,
    };
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act) act();
    else if (event.key === " " && !onButton) toggle();
    else return;
    event.preventDefault();
  });

  /** Take over both videos once they have files, and start them; give way to previews when they have none. */
  const load = (ready, framesPerSecond) => {
    fps = framesPerSecond;
    bar.inert = !ready;
    if (!ready && large.isOpen()) large.toggle();
    const files = ready ? `${a.dataset.path} ${b.dataset.path}` : "";
    if (files === loaded) return;
    loaded = files;
    if (!ready) {
      pause();
      frames.classList.remove("wiping");
      wipe.setAttribute("aria-pressed", "false");
      differ.setAttribute("aria-pressed", String(difference.toggle(false)));
      seek.value = 0;
      time.textContent = "";
      return;
    }
    Promise.all([a, b].map(whenReady)).then(start);
  };
  return { load, showFrame };
}

function createHelp() {
  const help = make("details", "help keys");
  const summary = make("summary", "", "?");
  summary.setAttribute("aria-label", "Keys of the player");
  const list = make("dl");
  for (const [key, does] of KEYS) list.append(make("dt", "", key), make("dd", "", does));
  help.append(summary, list);
  return help;
}

function whenReady(video) {
  if (video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) return Promise.resolve();
  return new Promise((resolve) => video.addEventListener("canplay", resolve, { once: true }));
}

function button(icon, title) {
  const made = make("button", "control");
  made.title = title;
  made.setAttribute("aria-label", title);
  setIcon(made, icon);
  return made;
}

function setIcon(target, icon) {
  target.innerHTML = `<svg viewBox="0 0 14 14" width="14" height="14"><path d="${ICONS[icon]}"/></svg>`;
}
