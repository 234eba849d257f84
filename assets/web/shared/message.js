// Lines under the buttons: why the picked model cannot run, how the run stands or what went wrong, what became of the last press.
import { make } from "./format.js";

export function mount({ element, props, watch }) {
  const refusal = make("span", "message-refusal");
  const text = make("span", "message-text");
  const notice = make("span", "message-notice");
  refusal.dataset.kind = "error";
  element.setAttribute("role", "status");
  element.replaceChildren(refusal, text, notice);
  const show = () => {
    refusal.textContent = props.refusal ?? "";
    text.textContent = props.text;
    text.dataset.kind = props.kind;
    notice.textContent = props.notice ?? "";
    notice.dataset.kind = props.notice_kind ?? "info";
  };
  watch(["refusal", "text", "kind", "notice", "notice_kind"], show);
  show();
}
