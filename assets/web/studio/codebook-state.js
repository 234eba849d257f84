// The one codebook of the Studio: the table edits it, the distance plot drags it, a run takes it.
import { createEditing } from "../shared/codebook-editing.js";

export const editing = createEditing();
