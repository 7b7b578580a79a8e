// A window of jsdom that is this process's own: what the build is then run in, as in a browser without layout.
import { JSDOM, VirtualConsole } from "jsdom";

const SOON_MS = 1_000;
/** What Node has, too, and the page must take from the window. */
const OF_THE_WINDOW = new Set(["CustomEvent", "Event", "EventTarget", "localStorage", "navigator", "sessionStorage"]);
/** What a style says that names nothing: no style sheet is loaded, and of those that scripts add nothing is computed. */
const PLAIN = { display: "block", visibility: "visible", position: "static", overflow: "visible", opacity: "1", clip: "auto" };

let soon = 0;

/** Open the window at an address, and return it. Its globals are those of the process from now on. */
export function openWindow(html, url) {
  const { window } = new JSDOM(html, { url, pretendToBeVisual: true, virtualConsole: new VirtualConsole() });
  const inNode = new Set(Object.getOwnPropertyNames(globalThis));
  for (const name of Object.getOwnPropertyNames(window)) {
    if (inNode.has(name) && !OF_THE_WINDOW.has(name)) continue;
    Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true });
  }
  for (const name of ["addEventListener", "removeEventListener", "dispatchEvent"]) globalThis[name] = window[name].bind(window);
  globalThis.window = globalThis;
  completeWindow(window);
  countTimers();
  return window;
}

/** Whether something is to happen within a second. */
export function isBusy() {
  return soon > 0;
}

/** What jsdom does not have, as far as it means anything without layout. */
function completeWindow(window) {
  const nowhere = { x: 0, y: 0, width: 0, height: 0, top: 0, right: 0, bottom: 0, left: 0 };
  const nothing = () => undefined;
  globalThis.ResizeObserver = function observer() {
    return { observe: nothing, unobserve: nothing, disconnect: nothing };
  };
  globalThis.matchMedia = (media) => ({ media, matches: false, addEventListener: nothing, removeEventListener: nothing });
  Object.assign(globalThis, { scrollTo: nothing, getComputedStyle: styleOf });
  Object.assign(window, { getComputedStyle: styleOf });
  Object.assign(window.Element.prototype, { scrollIntoView: nothing });
  Object.assign(window.HTMLCanvasElement.prototype, { getContext: () => null });
  Object.assign(window.Range.prototype, { getClientRects: () => [], getBoundingClientRect: () => nowhere });
  Object.defineProperty(window.document, "fonts", { value: new EventTarget() });
  // A chunk waits until the style sheet that belongs to it is loaded.
  const { appendChild } = window.Node.prototype;
  window.Node.prototype.appendChild = function appendAndLoad(node) {
    const appended = appendChild.call(this, node);
    if (node.nodeName === "LINK") queueMicrotask(() => node.dispatchEvent(new window.Event("load")));
    return appended;
  };
}

function styleOf({ style }) {
  const own = { ...PLAIN };
  for (const name of Object.keys(PLAIN)) own[name] = style?.getPropertyValue(name) || PLAIN[name];
  return { ...own, getPropertyValue: (name) => style?.getPropertyValue(name) || (PLAIN[name] ?? "") };
}

function countTimers() {
  const { setTimeout: start, clearTimeout: stop } = globalThis;
  const counted = new Set();
  const done = (timer) => {
    if (counted.delete(timer)) soon -= 1;
  };
  globalThis.setTimeout = (call, wait = 0, ...rest) => {
    const timer = start(() => {
      done(timer);
      call(...rest);
    }, wait);
    if (wait < SOON_MS) {
      counted.add(timer);
      soon += 1;
    }
    return timer;
  };
  globalThis.clearTimeout = (timer) => {
    done(timer);
    stop(timer);
  };
}
