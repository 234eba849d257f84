// A slot for an image: given as a file or taken from a run, shown small, taken away again. Its value is the image's
// id, which is all that a request and a link hold.
import { make } from "../shared/format.js";
import { shownRun } from "./session.js";
import { createSlot } from "./slot.js";
import { orSilence } from "../shared/silence.js";
import { visitor } from "../shared/visitor.js";

const KINDS = { "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp" };
const MAX_BYTES = 20_000_000;

/** What a slot is called cannot be a prop: those of a panel that is shown late are not there. */
export function mountImage({ element, props, watch, server, upload }, { title, hint, ofRuns }) {
  element.classList.add("image-slot");
  const heading = make("span", "image-title", title);
  heading.title = hint;
  const picture = Object.assign(make("img"), { alt: "" });
  const choose = make("button", "image-choose");
  const plus = make("span", "image-plus", "+");
  plus.setAttribute("aria-hidden", "true");
  choose.append(picture, plus);
  const file = Object.assign(make("input"), { type: "file", accept: Object.keys(KINDS).join(","), hidden: true });
  const size = make("span", "image-size");
  const remove = make("button", "quiet", "Remove");
  const take = make("button", "quiet", "Of the run shown");
  take.title = "The image that the run shown made, without any method; for runs of the length “image”";
  const acts = make("span", "image-acts");
  acts.append(size, remove, take);
  const said = make("p", "image-said");
  said.setAttribute("role", "status");
  element.replaceChildren(heading, choose, file, acts, said);

  const show = (id, { thumbnail = "", size: pixels = "" }) => {
    element.dataset.image = id;
    picture.hidden = !thumbnail;
    plus.hidden = Boolean(thumbnail);
    if (thumbnail) picture.src = thumbnail;
    else picture.removeAttribute("src");
    picture.alt = thumbnail ? `${title}, ${pixels}` : "";
    choose.setAttribute("aria-label", `${title}: ${thumbnail ? "choose another image" : "choose an image"}`);
    size.textContent = pixels;
    remove.hidden = !id;
    take.hidden = Boolean(id) || !ofRuns;
  };
  const { set, say } = createSlot({ props, watch, said, look: (id) => server.looked({ id }), show });
  const give = async (picked) => {
    if (!KINDS[picked.type]) return say(`${picked.name} is no PNG, JPEG or WebP.`);
    if (picked.size > MAX_BYTES) return say(`${picked.name} is larger than ${MAX_BYTES / 1e6} MB.`);
    choose.disabled = true;
    say("Uploading", "info");
    try {
      const named = new File([picked], `${visitor()}.${KINDS[picked.type]}`); // by which the server knows whose it is
      const { path } = await upload(named);
      set(await server.given({ path, visitor: visitor() }));
    } catch {
      say(`${picked.name} could not be uploaded.`);
    }
    choose.disabled = false;
  };
  choose.addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    const [picked] = file.files;
    file.value = "";
    if (picked) give(picked);
  });
  choose.addEventListener("dragover", (event) => event.preventDefault());
  choose.addEventListener("drop", (event) => {
    event.preventDefault();
    const [picked] = event.dataTransfer.files;
    if (picked) give(picked);
  });
  remove.addEventListener("click", () => {
    set({ id: "" });
    choose.focus();
  });
  take.addEventListener("click", async () => set(await orSilence(server.taken({ run: shownRun(), visitor: visitor() }))));
}
