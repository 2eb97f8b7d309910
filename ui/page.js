// What moves in the chat page: pressed questions, marks and their cards, keeping the answer in sight, faces, trouble.
// Runs once, when the conversation is first shown, in one function with page_side.js and page_take.js; `element` is the
// conversation, `trigger` tells the server.

const wide = window.matchMedia("(min-width: 900px)");
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
const byId = (id) => document.getElementById(id);
const box = () => document.querySelector("#question textarea");
const act = (wish) => trigger("act", wish);
const made = (tag, attributes = {}, text = "") => {
  const one = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
  one.textContent = text;
  return one;
};
let following = true;
let editing = 0;

// Asking, again, and in another way.

function ask(question, replaces = 0) {
  trigger("ask", { question, replaces, typed: replaces > 0 });
  if (wide.matches) box()?.focus();
}

function fill(text) {
  const field = box();
  if (!field) return;
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

const questionOf = (turn) => {
  const heading = document.querySelector(`#turn-${turn} .question`);
  return heading ? [...heading.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.textContent).join("") : "";
};

const editNote = made("p", { id: "editing", role: "status", hidden: "" });
function edit(turn) {
  editing = Number(turn);
  const later = document.querySelectorAll(".exchange").length - editing;
  editNote.replaceChildren(
    made("span", {}, later ? `Editing a question; it takes the place of ${later + 1} questions.` : "Editing your question."),
    made("button", { type: "button", class: "plain", "data-stop-editing": "" }, "Keep it as it was"),
  );
  editNote.hidden = false;
  fill(questionOf(turn));
}

function stopEditing() {
  if (!editing) return;
  editing = 0;
  editNote.hidden = true;
  fill("");
}

// While a question is edited, Enter and Send ask it in place of the old one.
function onSend(event) {
  if (!editing || !box()?.value.trim()) return;
  const enter = event.type === "keydown" && event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target === box();
  if (!enter && !(event.type === "click" && event.target.closest("#send"))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const [question, replaces] = [box().value.trim(), editing];
  stopEditing();
  ask(question, replaces);
}
document.addEventListener("keydown", onSend, true);
document.addEventListener("click", onSend, true);

// Sources: beside the conversation, or on a phone a sheet over its lower part.

function showSources(turn) {
  for (const section of document.querySelectorAll("#sources [data-turn]")) section.hidden = section.dataset.turn !== turn;
}

function light(target) {
  for (const lit of document.querySelectorAll(".lit")) lit.classList.remove("lit");
  target.classList.add("lit");
}

let cameFrom = null;
function openSources(turn, card) {
  showSources(turn);
  cameFrom = document.activeElement;
  document.body.classList.add("sources-open");
  const target = card ?? document.querySelector(`#sources [data-turn="${turn}"] .card`);
  if (!target) return;
  light(target);
  target.focus({ preventScroll: true });
  target.scrollIntoView({ block: wide.matches ? "nearest" : "start", behavior: calm.matches ? "auto" : "smooth" });
}

function closeSources(back) {
  if (!document.body.classList.contains("sources-open")) return;
  document.body.classList.remove("sources-open");
  const to = back ?? cameFrom;
  if (!wide.matches && to?.isConnected) to.focus({ preventScroll: true });
}

function backTo(turn) {
  closeSources(turn);
  following = false;
  light(turn);
  turn.focus({ preventScroll: true });
  turn.scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" });
}

const sheetClose = made("button", { type: "button", id: "sources-close", class: "tool close", "aria-label": "Close the sources" });
const backdrop = made("div", { id: "backdrop" });

// Everything that is pressed.

function onClick(event) {
  const on = (selector) => event.target.closest(selector);
  const pressed = on("button, a, #backdrop");
  if (!pressed) return;
  const { dataset } = pressed;
  if (pressed.matches("a.cite")) {
    event.preventDefault();
    const id = pressed.getAttribute("href").slice(1);
    openSources(id.split("-")[1], byId(id));
  } else if (pressed.matches("a.number")) {
    event.preventDefault();
    const turn = byId(pressed.getAttribute("href").slice(1));
    if (turn) backTo(turn);
  } else if (pressed.matches("a.skip")) {
    event.preventDefault();
    box()?.focus();
  } else if (dataset.ask !== undefined) ask(dataset.ask);
  else if (dataset.edit) edit(dataset.edit);
  else if (dataset.retry) ask(questionOf(dataset.retry), Number(dataset.retry));
  else if (dataset.stopEditing !== undefined) stopEditing();
  else if (dataset.show) openSources(dataset.show);
  else if (dataset.copy !== undefined) copy(dataset.copy, "Copied with its sources.");
  else if (dataset.share) copy(linkTo(questionOf(dataset.share)), "Link copied. It asks this question for whoever opens it.");
  else if (dataset.rate) rate(dataset.turnNumber, dataset.rate);
  else if (dataset.picture) act({ do: "picture", turn: dataset.turnNumber, number: dataset.picture });
  else if (dataset.take) take(pressed);
  else if (pressed.id === "attach") offer();
  else if (dataset.do) fromSide(pressed);
  else if (dataset.more) openMenu(pressed);
  else if (pressed.id === "menu" || pressed.id === "side-close") toggleSide();
  else if (pressed.id === "face") nextFace();
  else if (pressed.id === "backdrop" || pressed.id === "sources-close") { closeSources(); toggleSide(false); }
}

// Follows an answer that grows, without ever pushing its question out of sight.
function follow() {
  const last = element.querySelector(".exchange:last-child");
  if (!last || !following) return;
  const scroller = wide.matches ? byId("talk") : document.scrollingElement;
  const above = wide.matches ? scroller.getBoundingClientRect().top : byId("top").getBoundingClientRect().bottom;
  const below = wide.matches ? scroller.getBoundingClientRect().bottom : byId("composer").getBoundingClientRect().top;
  const place = last.getBoundingClientRect();
  const distance = Math.min(place.top - Math.max(above, 0) - 16, place.bottom - below + 16);
  if (distance > 0) scroller.scrollBy({ top: distance, behavior: "instant" });
}

let count = 0;
let waiting = 0;
function onTalk() {
  const now = element.querySelectorAll(".exchange").length;
  if (now !== count) following = true;
  if (now !== count && editing > now) stopEditing();
  count = now;
  keepFolds(element);
  follow();
  clearTimeout(waiting);
  if (element.querySelector(".exchange:is(.searching, .writing)")) waiting = setTimeout(lookWhetherMore, 2500);
}

// An answer that goes on behind a page that was left and opened again tells nobody; so it is asked for.
function lookWhetherMore() {
  act({ do: "refresh" });
  if (element.querySelector(".exchange:is(.searching, .writing)")) waiting = setTimeout(lookWhetherMore, 2500);
}

// A part that is drawn anew forgets what was unfolded in it; the page remembers.
const unfolded = new Map();
function keepFolds(part) {
  for (const fold of part.querySelectorAll("details[id]")) {
    if (unfolded.has(fold.id) && fold.open !== unfolded.get(fold.id)) fold.open = unfolded.get(fold.id);
  }
}
document.addEventListener("toggle", (event) => {
  if (event.target.id && event.isTrusted) unfolded.set(event.target.id, event.target.open);
}, true);

function onWheel(event) {
  if (event.deltaY < 0) following = false;
}

function onKey(event) {
  const typing = event.target.closest?.("input, textarea, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    box()?.focus();
  } else if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
    if (document.body.classList.contains("sources-open")) closeSources();
    else if (editing) stopEditing();
    else if (document.body.classList.contains("side-open") && !docked.matches) toggleSide(false);
  } else if (event.key === "ArrowUp" && event.target === box() && !box().value && !editing && count) {
    const tool = element.querySelector(".exchange:last-child [data-edit]");
    if (tool) { event.preventDefault(); edit(tool.dataset.edit); }
  }
}

// Light, dark, or as the system has it.
function nextFace() {
  const now = chosenFace();
  const next = now === "" ? (darkNow() ? "light" : "dark") : "";
  localStorage.setItem("career-face", next);
  putFace();
  tell(next ? `${next === "dark" ? "Dark" : "Light"} from now on.` : "Light or dark as your system has it.");
}

// What is said at the page's foot for a moment, and what stands there while something is wrong.

const toast = made("div", { id: "toast", role: "status", "aria-live": "polite" });
let quiet = 0;
function tell(words, shownFor = 3500) {
  toast.textContent = words;
  toast.classList.toggle("shown", Boolean(words));
  clearTimeout(quiet);
  quiet = setTimeout(() => toast.classList.remove("shown"), shownFor);
}

const trouble = made("div", { id: "trouble", role: "alert", hidden: "" });
let wrong = "";
let wrongKind = "";
function onTrouble({ detail: { kind, words } }) {
  if (kind === "fine" ? !wrong || wrongKind !== "down" : wrong === words) return;
  wrong = words;
  wrongKind = kind;
  if (kind === "limit") setTimeout(() => { if (wrong === words) { wrong = ""; trouble.hidden = true; } }, 12000);
  trouble.hidden = !words;
  trouble.replaceChildren(made("span", {}, words));
  if (kind === "down") lookAgain();
}

// Asks the server until it answers, rarer and rarer.
function lookAgain(wait = 2000) {
  setTimeout(async () => {
    try {
      if ((await plainFetch("healthz")).ok) { onTrouble({ detail: { kind: "fine", words: "" } }); tell("The server is back."); return; }
    } catch { /* it is still away */ }
    if (wrong) lookAgain(Math.min(wait * 1.5, 20000));
  }, wait);
}

document.addEventListener("career-trouble", onTrouble);
window.addEventListener("offline", () => said("down", "There is no network. What you see stays."));
document.addEventListener("click", onClick);
document.addEventListener("keydown", onKey);
document.addEventListener("wheel", onWheel, { passive: true });
document.addEventListener("touchmove", () => { following = false; }, { passive: true });
document.body.append(toast, trouble, backdrop);
byId("sources")?.prepend(sheetClose);
byId("composer")?.before(editNote);
