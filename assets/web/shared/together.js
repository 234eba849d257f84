// Videos kept together: all play, pause and seek as one, whichever of them the clock is read from.
import { make } from "./format.js";

const DRIFT = 0.05; // seconds that two videos may be apart

/** Keep videos in step with the first of them; returns what ends it. */
export function keepTogether(videos) {
  let going = requestAnimationFrame(function together() {
    const [first, ...others] = videos;
    for (const other of others) if (Math.abs(other.currentTime - first.currentTime) > DRIFT) other.currentTime = first.currentTime;
    going = requestAnimationFrame(together);
  });
  return () => cancelAnimationFrame(going);
}

/** A video of the page, looping and without sound. */
export function loopingVideo(path) {
  const { root, api_prefix } = window.gradio_config;
  return Object.assign(document.createElement("video"), {
    src: `${root}${api_prefix}/file=${path}`,
    muted: true,
    loop: true,
    autoplay: true,
    playsInline: true,
  });
}

/** Play or pause, and a place to seek, for videos that are kept together. */
export function createTransport(videos) {
  const root = make("div", "together-transport");
  const play = make("button", "quiet", "Pause");
  play.type = "button";
  const seek = Object.assign(make("input"), { type: "range", min: "0", max: "1000", value: "0" });
  seek.setAttribute("aria-label", "Seek all videos");
  root.append(play, seek);
  const [first] = videos;
  play.addEventListener("click", () => {
    const playing = !first.paused;
    for (const video of videos) playing ? video.pause() : video.play();
    play.textContent = playing ? "Play" : "Pause";
  });
  seek.addEventListener("input", () => {
    for (const video of videos) {
      video.pause();
      video.currentTime = (Number(seek.value) / 1000) * (first.duration || 0);
    }
    play.textContent = "Play";
  });
  first.addEventListener("timeupdate", () => {
    if (!first.paused && first.duration) seek.value = String((1000 * first.currentTime) / first.duration);
  });
  return root;
}
