// Results of a study, as in the paper's Fig. 5: for each pair of methods who was preferred, and what is like the baseline.
import { make, significant } from "../shared/format.js";

const PARTS = [["prefers_one", "one"], ["tie", "tie"], ["prefers_other", "other"]];

/** `found` is what the server told; `name` names the file of answers. */
export function createResults(found, name) {
  const root = make("section", "study-results");
  const out = found.left_out ? `, ${found.left_out} left out by an attention check` : "";
  root.append(
    make("h2", "", found.title),
    make("p", "", `${counted(found.participants, "participant")}${out}. Brackets: 95 % intervals of the answers.`),
    ...found.pairs.map(pair),
  );
  const link = make("a", "quiet", "All answers as CSV");
  link.href = URL.createObjectURL(new Blob([found.csv], { type: "text/csv" }));
  link.download = `${name}-answers.csv`;
  root.append(link);
  return root;
}

function pair(result) {
  const item = make("article", "pair");
  item.append(make("h3", "", `${result.one} and ${result.other}`));
  if (!result.tie.of) {
    item.append(make("p", "", "No answers yet."));
    return item;
  }
  const bar = make("div", "pair-bar");
  bar.setAttribute("role", "img");
  const titles = { one: result.one, tie: "no difference", other: result.other };
  bar.setAttribute("aria-label", PARTS.map(([part, kind]) => `${titles[kind]} ${percent(result[part])}`).join(", "));
  for (const [part, kind] of PARTS) {
    if (!result[part].count) continue;
    const piece = make("span", `pair-${kind}`, result[part].share > 0.08 ? `${Math.round(100 * result[part].share)} %` : "");
    piece.style.flexGrow = String(result[part].share);
    piece.title = `${titles[kind]}: ${percent(result[part])}`;
    bar.append(piece);
  }
  const keys = make("ul", "pair-keys");
  keys.append(...PARTS.map(([part, kind]) => make("li", `pair-${kind}`, `${titles[kind]} ${percent(result[part])}`)));
  const like = `Like the baseline: ${result.one} ${percent(result.one_like_baseline)}, ${result.other} ${percent(result.other_like_baseline)}`;
  item.append(bar, keys, make("p", "", `${like}. ${counted(result.tie.of, "answer")}; sign test p = ${significant(result.p_value)}.`));
  return item;
}

function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function percent({ share, interval: [low, high] }) {
  const whole = (value) => Math.round(100 * value);
  return `${whole(share)} % [${whole(low)}, ${whole(high)}]`;
}
