// Two lines under the buttons: how the run stands or what went wrong, and what became of the last press.
import { make } from "./format.js";

export function mount({ element, props, watch }) {
  const text = make("span", "message-text");
  const notice = make("span", "message-notice");
  element.setAttribute("role", "status");
  element.replaceChildren(text, notice);
  const show = () => {
    text.textContent = props.text;
    text.dataset.kind = props.kind;
    notice.textContent = props.notice ?? "";
    notice.dataset.kind = props.notice_kind ?? "info";
  };
  watch(["text", "kind", "notice", "notice_kind"], show);
  show();
}
