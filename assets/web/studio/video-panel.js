// The stage: live previews while both sides denoise, then both videos in sync; measured numbers beside them.
import { createCardKinds } from "../shared/kinds.js";
import { createFramePsnr } from "./frame-psnr.js";
import { createPlayer } from "./player.js";
import { download } from "../shared/download.js";
import { keepShown } from "./session.js";
import { send } from "../shared/nav.js";
import { keepPreview } from "./previews.js";
import { bytes, make, seconds } from "../shared/format.js";
import { visitor } from "../shared/visitor.js";

const SIDES = { baseline: "Baseline", accelerated: "AdaCache" };

export function mount({ element, props, watch, server }) {
  const viewer = make("div", "viewer");
  const frames = make("div", "frames");
  const captions = make("div", "captions");
  const side = {};
  for (const [id, name] of Object.entries(SIDES)) {
    side[id] = createSide(id, name);
    frames.append(side[id].frame);
    captions.append(side[id].caption);
  }
  viewer.append(frames, captions);
  const psnr = createFramePsnr((frame) => player.showFrame(frame));
  const player = createPlayer(viewer, frames, side.baseline.video, side.accelerated.video, psnr.mark);
  viewer.append(psnr.root);
  const readout = createReadout(server);
  element.replaceChildren(viewer, readout.root);

  const show = () => {
    element.style.setProperty("--aspect", props.aspect);
    element.dataset.state = props.state ?? "empty";
    element.dataset.run = props.token ?? "";
    const names = { ...SIDES, accelerated: props.title ?? SIDES.accelerated };
    for (const id of Object.keys(SIDES)) {
      const shown = props.sides?.[id];
      if (shown) keepPreview(props.token, id, shown.preview_step, shown.preview);
      side[id].show(shown, shown?.of ?? props.steps, props.value?.[id], names[id]);
    }
    player.load(Boolean(props.value), props.fps);
    psnr.show(props.summary?.frame_psnr ?? [], props.state === "done", props.summary?.earlier_frames ?? 0);
    readout.show(props);
    keepShown(props.run ?? "");
  };
  watch(["value", "sides", "steps", "summary", "state", "aspect", "title", "run", "token"], show);
  show();
}

function createSide(id, name) {
  const frame = make("figure", `frame ${id}`);
  const preview = make("img", "preview");
  preview.alt = "";
  const video = make("video", "video");
  Object.assign(video, { muted: true, playsInline: true, preload: "auto" });
  const tag = make("figcaption", "tag", name);
  frame.append(preview, video, tag);

  const caption = make("div", `caption ${id}`);
  const clock = make("span", "clock");
  const steps = make("span", "steps");
  const bar = make("div", "bar");
  const fill = make("i");
  bar.append(fill);
  const label = make("span", "name", name);
  caption.append(label, clock, steps, bar);

  const show = (shown, total, file, title) => {
    label.textContent = label.title = tag.textContent = title;
    video.setAttribute("aria-label", `${title} video`);
    const started = Boolean(shown) && shown.steps > 0;
    if (shown?.preview && preview.src !== shown.preview) preview.src = shown.preview;
    if (!shown?.preview) preview.removeAttribute("src");
    if (file && video.dataset.path !== file.path) {
      video.dataset.path = file.path;
      video.src = file.url;
    }
    frame.classList.toggle("playable", Boolean(file));
    frame.classList.toggle("empty", !started);
    clock.textContent = started ? seconds(shown.seconds) : "";
    steps.textContent = started ? `step ${shown.steps}/${total}` : "";
    caption.classList.toggle("done", Boolean(shown?.done));
    fill.style.width = started ? `${(100 * shown.steps) / total}%` : "0";
  };
  return { frame, caption, video, show };
}

function createReadout(server) {
  const root = make("div", "readout");
  const about = make("p", "about");
  const tiles = make("div", "tiles");
  const speedup = createTile("Speedup", "speedup");
  const share = make("div", "others");
  speedup.root.append(share);
  const computed = createTile("Steps computed", "computed");
  const quality = createTile("Quality", "quality");
  const others = make("div", "others");
  quality.root.append(others);
  const memory = createTile("Cache memory, peak", "memory");
  tiles.append(speedup.root, computed.root, quality.root, memory.root);
  const health = make("ul", "health");
  health.tabIndex = 0; // it scrolls
  health.setAttribute("aria-label", "Notes on this run");
  const record = make("button", "record", "Record for the Lab");
  record.title = "Record this run's baseline, so that the Codebook Lab can try any codebook on it";
  const compare = make("button", "record", "Compare methods");
  compare.title = "Several methods on this prompt and seed, side by side in the Compare room";
  const cards = make("button", "record", "Share card");
  cards.title = "Both videos with their steps and numbers in one file; an MP4 holds the settings too";
  const said = make("span", "card-said");
  said.setAttribute("role", "status");
  const card = createCardKinds(cards, "Share card", async (kind) => {
    said.textContent = `Making the ${kind.toUpperCase()}`;
    const failed = { error: "The server does not answer." };
    const answer = await server.card_of_run({ id: run, kind, visitor: visitor() }).catch(() => failed);
    said.textContent = answer.error ?? "";
    if (!answer.error) download(answer);
  });
  const onward = make("div", "onward");
  onward.append(compare, record, card, said); // those at the end leave no gap while they are hidden
  root.append(tiles, about, health, onward);

  let run = "";
  let asked = { prompt: "", seed: 0 };
  record.addEventListener("click", () => send("lab", { run }));
  compare.addEventListener("click", () => send("compare", asked));
  const show = ({ summary = /** @type {Record<string, any>} */ ({}), quality: measured, sides, steps, prompt, recorded, made, reused, state, sentences, run: kept = "", in_part: share_of = 0 }) => {
    run = kept;
    record.hidden = cards.hidden = !run || state !== "done";
    compare.hidden = state !== "done";
    asked = { prompt, seed: summary.seed };
    speedup.rename(reused ? "Speedup, to an earlier baseline" : "Speedup");
    about.replaceChildren();
    if (recorded || made) about.append(make("span", "badge", recorded ? "recorded run" : made));
    if (prompt) about.append(make("q", "", prompt));
    speedup.show(summary.speedup ? `${summary.speedup.toFixed(2)}×` : "");
    share.textContent = summary.compute_share ? shareText(summary) : "";
    speedup.root.classList.toggle("doubted", Boolean(summary.speed_notes?.length));
    const done = sides?.accelerated;
    computed.rename(share_of ? "Branches computed" : "Steps computed");
    if (share_of) computed.show(String(Math.round(100 * share_of)), "%");
    else computed.show(done?.steps ? String(done.computed) : "", done?.steps ? `/${done.done ? (done.of ?? steps) : done.steps}` : "");
    const [first, ...rest] = measured;
    quality.rename(`${first.title} to baseline`);
    quality.root.title = first.reason || first.about;
    quality.show(first.value, first.unit);
    others.replaceChildren(...rest.map(figureOf));
    memory.show(...(summary.speedup ? bytes(summary.peak_cache_bytes).split(" ") : [""]));
    health.replaceChildren(...(sentences ?? []).map((sentence) => make("li", "", sentence)));
  };
  return { root, show };
}

/** What the computed share of the baseline's compute allows at most. @param {Record<string, any>} summary */
function shareText(summary) {
  const share = Math.round(100 * summary.compute_share);
  return `${share} % of ${summary.compute_unit}: at most ${summary.speedup_allowed.toFixed(2)}×`;
}

/** A further metric in one short line: its name and value, or why it has none. */
function figureOf({ title, value, unit, about, reason }) {
  const shown = make("span", "other", `${title} ${value || "–"}${value && unit ? ` ${unit}` : ""}`);
  shown.title = reason || about;
  return shown;
}

function createTile(label, name) {
  const root = make("div", `tile ${name}`);
  const figure = make("div", "figure");
  const heading = make("div", "label", label);
  root.append(heading, figure);
  const rename = (text) => (heading.textContent = text);
  const show = (value, unit = "") => {
    root.classList.toggle("measured", value !== "");
    figure.replaceChildren(make("span", "value", value || "–"));
    if (value && unit) figure.append(make("span", "unit", unit));
  };
  return { root, show, rename };
}
