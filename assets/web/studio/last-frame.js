// The slot of the image that a video is led to.
import { mountImage } from "./image.js";

const HINT = "An image that the video is led to: the first of its last 17 frames, where upstream puts it";

export function mount(panel) {
  mountImage(panel, { title: "Last frame", hint: HINT, ofRuns: false });
}
