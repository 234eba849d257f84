// What a slot holds: the id of something kept on the server, which is asked what stands for it. The page may set the
// id as well, from a link or an opened run; of several in a row the last one counts.
import { orSilence } from "../shared/silence.js";

/** `look(id)` asks the server, `show(id, found)` draws, `said` is the line below; returns { set, say }. */
export function createSlot({ props, watch, said, look, show }) {
  let id = "";
  const say = (text, kind = "error") => {
    said.textContent = text;
    said.dataset.kind = kind;
  };
  /** Hold what the server found, or nothing where its id is empty; of an error the words alone. */
  const set = ({ error = "", ...found }) => {
    say(error);
    if (error) return;
    id = found.id;
    show(id, found);
    props.value = id;
  };
  const follow = async () => {
    const asked = props.value ?? "";
    if (asked === id) return;
    id = asked;
    say("");
    show(id, {});
    if (!id) return;
    const { error, ...found } = await orSilence(look(asked));
    if (id !== asked) return; // another one came meanwhile
    say(error ?? "");
    if (!error) show(id, found);
  };
  watch("value", follow);
  show(id, {});
  follow();
  return { set, say };
}
