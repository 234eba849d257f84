// The tabs of the header: one room at a time is shown, the address remembers which, and a room is drawn when opened.
import { make } from "./format.js";

const opened = new Map(); // room -> callbacks that wait for its first opening
const shown = new Map(); // room -> callback of every opening
const receivers = new Map(); // room -> callback that takes what other rooms send
const sent = new Map(); // room -> what waits for its receiver
let current = "";
let show = () => {};

export function createNav(rooms) {
  const ids = rooms.map(({ id }) => id);
  const list = make("nav", "rooms");
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", "Rooms");
  const tabs = rooms.map(({ id, title }) => {
    const tab = make("button", "room", title);
    tab.id = `tab-${id}`;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", id);
    tab.addEventListener("click", () => go(id));
    list.append(tab);
    return tab;
  });
  list.addEventListener("keydown", (event) => {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    const next = tabs[(tabs.indexOf(document.activeElement) + move + tabs.length) % tabs.length];
    next.focus();
    next.click();
    event.preventDefault();
  });
  show = () => {
    current = ids.includes(location.hash.slice(1)) ? location.hash.slice(1) : ids[0];
    for (const id of ids) document.body.classList.toggle(`in-${id}`, id === current);
    for (const tab of tabs) {
      const chosen = tab.id === `tab-${current}`;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
    }
    for (const id of ids) {
      const room = document.getElementById(id);
      room?.setAttribute("role", "tabpanel");
      room?.setAttribute("aria-labelledby", `tab-${id}`);
    }
    scrollTo(0, 0);
    window.dispatchEvent(new Event("resize")); // plots drawn while hidden take their size
    for (const callback of opened.get(current)?.splice(0) ?? []) callback();
    shown.get(current)?.();
  };
  window.addEventListener("hashchange", show);
  show();
  return list;
}

/** Open a room. Not by location.hash: the browser would scroll to the element of that name. */
export function go(room) {
  if (room === current) return;
  history.pushState(null, "", `#${room}`);
  show();
}

/** Call back when a room is opened for the first time. */
export function whenOpened(room, callback) {
  if (current === room) callback();
  else opened.set(room, [...(opened.get(room) ?? []), callback]);
}

/** Call back whenever a room is opened. */
export function whenShown(room, callback) {
  shown.set(room, callback);
  if (current === room) callback();
}

/** Go to a room, with something for it to work on. */
export function send(room, gift) {
  if (receivers.has(room)) receivers.get(room)(gift);
  else sent.set(room, gift);
  go(room);
}

/** Take what other rooms send to this one. */
export function receive(room, callback) {
  receivers.set(room, callback);
  if (sent.has(room)) callback(sent.get(room));
  sent.delete(room);
}
