// The slot of the clip that a video goes on from: that of the run shown, taken by a press and taken away again. Its
// value is the run's id.
import { make } from "../shared/format.js";
import { shownRun } from "./session.js";
import { createSlot } from "./slot.js";
import { orSilence } from "../shared/silence.js";
import { visitor } from "../shared/visitor.js";

const TITLE = "Go on from";
const HINT = "The video begins with the end of an accelerated clip, and both are joined without the overlap";

export function mount({ element, props, watch, server }) {
  element.classList.add("image-slot");
  const heading = make("span", "image-title", TITLE);
  heading.title = HINT;
  const take = make("button", "image-choose clip-choose");
  const picture = Object.assign(make("img"), { alt: "" });
  const words = make("span", "clip-words");
  take.append(picture, words);
  const acts = make("span", "image-acts");
  const remove = make("button", "quiet", "Remove");
  acts.append(remove);
  const said = make("p", "image-said");
  said.setAttribute("role", "status");
  element.replaceChildren(heading, take, acts, said);

  const show = (id, { poster = "", about = "" }) => {
    element.dataset.run = id;
    picture.hidden = !poster;
    if (poster) picture.src = poster;
    else picture.removeAttribute("src");
    words.textContent = id ? about : "the run shown";
    take.title = about;
    take.setAttribute("aria-label", `${TITLE} the run shown${about && `, instead of ${about}`}`);
    remove.hidden = !id;
  };
  const look = (run) => server.looked({ run, visitor: visitor() });
  const { set } = createSlot({ props, watch, said, look, show });
  take.addEventListener("click", async () => set(await orSilence(look(shownRun()))));
  remove.addEventListener("click", () => {
    set({ id: "" });
    take.focus();
  });
}
