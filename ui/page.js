// What moves in the chat page: pressed questions, marks and their cards, and keeping the answer in sight.
// Runs once, when the conversation is first shown; `element` is the conversation, `trigger` tells the server.

const wide = window.matchMedia("(min-width: 900px)");
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
const byId = (id) => document.getElementById(id);
const box = () => document.querySelector("#question textarea");
let following = true;

function showSources(turn) {
  for (const section of document.querySelectorAll("#sources [data-turn]")) section.hidden = section.dataset.turn !== turn;
}

function goTo(target) {
  if (!target) return;
  following = false;
  for (const lit of document.querySelectorAll(".lit")) lit.classList.remove("lit");
  target.classList.add("lit");
  target.focus({ preventScroll: true });
  target.scrollIntoView({ block: wide.matches ? "nearest" : "center", behavior: calm.matches ? "auto" : "smooth" });
}

function onClick(event) {
  const ask = event.target.closest("[data-ask]");
  const link = event.target.closest("a.cite, a.number");
  const show = event.target.closest("[data-show]");
  if (ask) {
    trigger("ask", { question: ask.dataset.ask });
    if (wide.matches) box()?.focus();
  } else if (link) {
    event.preventDefault();
    const target = link.getAttribute("href").slice(1);
    if (link.matches(".cite")) showSources(target.split("-")[1]);
    goTo(byId(target));
  } else if (show) {
    showSources(show.dataset.show);
    goTo(document.querySelector(`#sources [data-turn="${show.dataset.show}"] .card`));
  }
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
function onChange() {
  const now = element.querySelectorAll(".exchange").length;
  if (now !== count) following = true;
  count = now;
  follow();
}

function onWheel(event) {
  if (event.deltaY < 0) following = false;
}

document.addEventListener("click", onClick);
document.addEventListener("wheel", onWheel, { passive: true });
document.addEventListener("touchmove", () => { following = false; }, { passive: true });
new MutationObserver(onChange).observe(element, { childList: true, subtree: true, characterData: true });
onChange();
if (wide.matches) box()?.focus();
