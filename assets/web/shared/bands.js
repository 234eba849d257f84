// The bands of a codebook as numbers: between which distances which rate is chosen, up to the end of the axis.
import { rateColour } from "./format.js";

/** `top` is the upper end of the axis; bands beyond it are left out, the last threshold is compared with nothing. */
export function bandsOf({ thresholds, rates }, top) {
  const edges = [0, ...thresholds.slice(0, -1).filter((value) => value < top), top];
  const highest = Math.max(...rates, 6);
  return edges.slice(1).map((high, i) => ({ low: edges[i], high, rate: rates[i], colour: rateColour(rates[i], highest) }));
}
