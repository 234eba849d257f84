// One line on the run: what it waits for, or what went wrong.

export function mount({ element, props, watch }) {
  element.setAttribute("role", "status");
  const show = () => {
    element.textContent = props.text;
    element.dataset.kind = props.kind;
  };
  watch(["text", "kind"], show);
  show();
}
