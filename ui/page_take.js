// What is taken from the page (copies, links, charts, files), what is said of answers; and the page's beginning, last.

const linkTo = (question) => `${location.origin}${location.pathname}?q=${encodeURIComponent(question)}`;

async function copy(text, then) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without encryption a browser has no clipboard to offer but this one.
    const field = made("textarea", { class: "unseen" });
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  tell(then);
}

function save(name, text, kind) {
  const link = made("a", { download: name, href: URL.createObjectURL(new Blob([text], { type: kind })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function take(button) {
  if (button.dataset.take === "csv") return save(button.dataset.name, button.dataset.text, "text/csv");
  const figure = button.closest("figure");
  const chart = figure.querySelector("svg.drawn");
  const drawn = chart.cloneNode(true);
  const [width, height] = [720, Number(chart.getAttribute("height"))];
  const live = [...chart.querySelectorAll("*")];
  [...drawn.querySelectorAll("*")].forEach((one, at) => {
    const style = getComputedStyle(live[at]);
    for (const name of ["fill", "stroke", "stroke-width", "opacity", "font-size", "font-weight"]) one.style.setProperty(name, style.getPropertyValue(name));
    one.style.fontFamily = "system-ui, sans-serif";
  });
  const ground = getComputedStyle(document.documentElement).getPropertyValue("--sheet");
  const ink = getComputedStyle(document.documentElement).getPropertyValue("--ink");
  const title = figure.closest("details").querySelector("summary").textContent;
  const origin = figure.querySelector("figcaption").textContent;
  const text = (y, size, words) => {
    const one = document.createElementNS("http://www.w3.org/2000/svg", "text");
    for (const [name, value] of Object.entries({ x: 20, y, fill: ink, "font-size": size, "font-family": "system-ui, sans-serif" })) one.setAttribute(name, value);
    one.textContent = words;
    return one;
  };
  const whole = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  whole.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  whole.setAttribute("viewBox", `0 0 ${width} ${height + 90}`);
  whole.setAttribute("width", width);
  whole.setAttribute("height", height + 90);
  whole.style.background = ground;
  for (const [name, value] of Object.entries({ x: 20, y: 50, width: width - 40 })) drawn.setAttribute(name, value);
  whole.append(text(30, 16, title), drawn, text(height + 75, 12, origin));
  save(button.dataset.name, new XMLSerializer().serializeToString(whole), "image/svg+xml");
}

function rate(turn, rating) {
  act({ do: "rate", turn, rating, words: "" });
  const title = rating === "up" ? "Thank you. What was good?" : "Thank you. What was wrong?";
  askWords(title, "", "Send", (words) => { act({ do: "rate", turn, rating, words }); tell("Thank you."); }, "A word, if you like");
}

let taken = "";
new MutationObserver(() => {
  const file = document.querySelector("#parcel pre[data-name]");
  const at = file?.parentElement.dataset.at;
  if (!file || at === taken) return;
  taken = at;
  save(file.dataset.name, file.textContent, file.dataset.name.endsWith(".json") ? "application/json" : "text/markdown");
}).observe(byId("parcel"), { childList: true, subtree: true, attributes: true });

new MutationObserver(onTalk).observe(element, { childList: true, subtree: true, characterData: true });
new MutationObserver(() => keepFolds(byId("sources"))).observe(byId("sources"), { childList: true, subtree: true });
onTalk();

// The page has begun when the server has said what it holds: then the curtain falls, and what was asked of it is asked.
function begin() {
  if (!document.querySelector("#header h1") || !given()) return false;
  const behind = byId("curtain");
  const { typed, pressed } = window.career;
  const shared = new URLSearchParams(location.search).get("q");
  behind?.remove();
  if (docked.matches && document.body.classList.contains("side-open")) byId("menu")?.setAttribute("aria-expanded", "true");
  if (shared !== null) history.replaceState(null, "", location.pathname);
  if (typed) fill(typed);
  else if (wide.matches) box()?.focus();
  if (pressed) ask(pressed);
  else if (shared?.trim()) { act({ do: "new" }); ask(shared.trim().slice(0, 4000)); }
  return true;
}
if (!begin()) {
  const awaited = new MutationObserver((_, observer) => { if (begin()) observer.disconnect(); });
  for (const part of ["header", "papers"]) awaited.observe(byId(part), { childList: true, subtree: true });
}
