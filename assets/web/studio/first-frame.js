// The slot of the image that a video starts from.
import { mountImage } from "./image.js";

export function mount(panel) {
  mountImage(panel, { title: "First frame", hint: "An image that the video starts from, brought to its shape", ofRuns: true });
}
