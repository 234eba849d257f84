// What this browser remembers. In a frame whose storage is blocked it remembers nothing, and all else works.
export function remembered(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

export function remember(key, text) {
  try {
    localStorage.setItem(key, text);
  } catch {
    // only the next visit could tell
  }
}
