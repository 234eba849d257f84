// The page's colours and number formats, shared by all panels.

const RATE_SCALE = ["#39408f", "#2f6bab", "#2c98b4", "#5cc3a8", "#c9ecb4"]; // low rate dark, high rate light
const WIDEST_RATE = 6;

/** A colour named in shared/base.css, in the present light or dark theme. */
export function colour(name) {
  return getComputedStyle(document.body).getPropertyValue(`--${name}`).trim();
}

/** The colour of a cache rate: linear from 1 to 6, or to the codebook's highest rate if that is more. */
export function rateColour(rate, highest) {
  const position = ((Math.max(rate, 1) - 1) / (Math.max(highest, WIDEST_RATE) - 1)) * (RATE_SCALE.length - 1);
  const low = Math.min(Math.floor(position), RATE_SCALE.length - 2);
  const [from, to] = [channels(RATE_SCALE[low]), channels(RATE_SCALE[low + 1])];
  const mixed = from.map((value, i) => Math.round(value + (to[i] - value) * Math.min(position - low, 1)));
  return `rgb(${mixed.join(",")})`;
}

/** The same colour at an opacity. */
export function faded(rgb, opacity) {
  return rgb.replace("rgb(", "rgba(").replace(")", `,${opacity})`);
}

function channels(hex) {
  return [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
}

/** Call back whenever the page turns light or dark. */
export function onTheme(callback) {
  new MutationObserver(callback).observe(document.body, { attributes: true, attributeFilter: ["class"] });
}

/** Seconds with a fixed number of decimals for their size, so that ticking digits keep their place. */
export function seconds(value) {
  return `${value.toFixed(value < 100 ? 2 : 1)} s`;
}

/** Three significant digits, without exponents where a person would not use them. */
export function significant(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : "infinite";
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size < 1e-4 || size >= 1e5 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}

/** Bytes as people write them. */
export function bytes(value) {
  const units = ["B", "kB", "MB", "GB"];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${value < 10 && unit ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** The props of a panel that the server sends as one string, for Gradio's sake; none before there are any. */
export function unpack({ packed }) {
  return packed ? JSON.parse(packed) : {};
}

/** A number of a StepRecord: JSON has no NaN, so Python writes such numbers as their names. */
export function number(value) {
  if (typeof value !== "string") return value;
  return { inf: Infinity, "-inf": -Infinity }[value] ?? NaN;
}

/** An element with a class and, as plain text, its content. */
export function make(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}
