// What a method does, in a paragraph, and where its settings come from.
import { make } from "../shared/format.js";

export function mount({ element, props, watch }) {
  const root = make("details", "method");
  const summary = make("summary");
  const text = make("p", "method-text");
  const source = make("p", "method-source");
  root.append(summary, text, source);
  element.replaceChildren(root);
  const show = () => {
    root.open = props.open;
    summary.textContent = `What ${props.title} does`;
    text.textContent = props.text;
    source.textContent = [props.settings_source && `Settings: ${props.settings_source}.`, `Source: ${props.source}`]
      .filter(Boolean)
      .join(" ");
  };
  watch(["title", "text", "settings_source", "open"], show);
  show();
}
