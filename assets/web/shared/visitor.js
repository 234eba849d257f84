// The id this browser gives itself. On a shared server, the runs made under it are shown to no other browser.
import { remember, remembered } from "./remember.js";

const KEY = "adacache-visitor";
let own = "";

export function visitor() {
  if (own) return own;
  const known = remembered(KEY);
  own = /^[0-9a-f]{32}$/.test(known) ? known : fresh();
  remember(KEY, own);
  return own;
}

function fresh() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
