// One line on the prompt: words the model understood, and words it ignored.
import { make } from "../shared/format.js";

const IGNORED_SHOWN = 6;

export function mount({ element, props, watch }) {
  const show = () => {
    const understood = props.understood.map(([word, meaning]) => {
      const chip = make("span", "word", word);
      chip.title = `understood as ${meaning}`;
      return chip;
    });
    const ignored = props.ignored.slice(0, IGNORED_SHOWN).map((word) => {
      const chip = make("span", "word ignored", word);
      chip.title = "not known to the model; ignored";
      return chip;
    });
    const more = props.ignored.length - ignored.length;
    if (more > 0) {
      const rest = make("span", "word more", `${more} more ignored`);
      rest.title = props.ignored.slice(IGNORED_SHOWN).join(", ");
      ignored.push(rest);
    }
    element.replaceChildren(...understood, ...ignored);
  };
  watch(["understood", "ignored"], show);
  show();
}
