// The sidebar with past conversations, its menu, and the dialogs.

const docked = window.matchMedia("(min-width: 1280px)");

function toggleSide(open = !document.body.classList.contains("side-open")) {
  document.body.classList.toggle("side-open", open);
  byId("menu")?.setAttribute("aria-expanded", String(open));
  if (docked.matches) localStorage.setItem("career-side", open ? "open" : "");
  if (open) byId("look")?.focus({ preventScroll: true });
  else if (byId("side")?.contains(document.activeElement)) byId("menu")?.focus();
}

function fromSide(pressed) {
  const wish = pressed.dataset.do;
  act({ do: wish, id: pressed.dataset.id ?? "" });
  if (wish === "new" || wish === "open") {
    stopEditing();
    closeSources();
    if (!docked.matches) toggleSide(false);
    if (wide.matches || wish === "new") box()?.focus();
  }
}

let looking = 0;
document.addEventListener("input", (event) => {
  if (event.target.id === "look") {
    clearTimeout(looking);
    looking = setTimeout(() => act({ do: "look", words: event.target.value }), 180);
  } else if (event.target.matches(".sift")) sift(event.target);
});

// The menu of a conversation.

const menu = made("div", { id: "more", role: "menu", popover: "auto", "aria-label": "Conversation" });
let menuOf = null;
const choices = [
  ["Rename", ({ id, title }) => askWords("Rename the conversation", title, "Rename", (words) => act({ do: "rename", id, words }))],
  ["Export as Markdown", ({ id }) => act({ do: "export", id, format: "md" })],
  ["Export as JSON", ({ id }) => act({ do: "export", id, format: "json" })],
  ["Print or save as PDF", ({ id }) => printed(id)],
  ["Delete", ({ id, title }) => askSure(`Delete “${title}”?`, "It is gone for good, with its documents and what you said of its answers.", "Delete", () => act({ do: "delete", id }))],
];
for (const [name, chosen] of choices) {
  const choice = made("button", { type: "button", role: "menuitem", tabindex: "-1" }, name);
  choice.addEventListener("click", () => { menu.hidePopover(); chosen(menuOf); });
  menu.append(choice);
}

function openMenu(button) {
  menuOf = { id: button.dataset.more, title: button.dataset.title, button };
  const place = button.getBoundingClientRect();
  menu.showPopover();
  menu.style.left = `${Math.max(8, Math.min(place.left, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(place.bottom + 4, innerHeight - menu.offsetHeight - 8))}px`;
  menu.firstElementChild.focus();
}

menu.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = [...menu.children];
  all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
});
menu.addEventListener("toggle", (event) => {
  if (event.newState === "closed" && menuOf?.button.isConnected && menu.contains(document.activeElement)) menuOf.button.focus();
});

function printed(id) {
  const open = document.querySelector("#side li.current [data-more]")?.dataset.more;
  if (open === id) return print();
  act({ do: "open", id });
  new MutationObserver((_, observer) => {
    if (document.querySelector("#side li.current [data-more]")?.dataset.more !== id) return;
    observer.disconnect();
    setTimeout(() => print(), 200);
  }).observe(byId("side"), { childList: true, subtree: true, attributes: true });
}

// Dialogs: one for views of the server, one for a word or a yes.

const sheet = made("dialog", { id: "view", "aria-labelledby": "view-title" });
const small = made("dialog", { id: "small", "aria-labelledby": "small-title" });
for (const dialog of [sheet, small]) {
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}

let viewed = "";
function showView() {
  const view = document.querySelector("#sheet .view");
  // Gradio touches a part whenever it waits for an answer; only one that was fetched anew is shown.
  const at = view?.parentElement.dataset.at;
  if (!view || at === viewed) return;
  viewed = at;
  const close = made("button", { type: "button", class: "tool close", "aria-label": "Close" });
  close.addEventListener("click", () => sheet.close());
  const head = made("header");
  head.append(made("h2", { id: "view-title" }, view.dataset.title), close);
  const inside = made("div", { class: "inside", tabindex: "0" });
  inside.append(...[...view.childNodes].map((one) => one.cloneNode(true)));
  sheet.replaceChildren(head, inside);
  if (!sheet.open) sheet.showModal();
  inside.scrollTop = 0;
}

function sift(field) {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of field.closest(".inside").querySelectorAll("table.sifted tbody tr")) {
    row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
  }
}

function askWords(title, text, yes, then, hint = "") {
  const form = made("form", { method: "dialog" });
  const field = made("input", { type: "text", maxlength: "500", "aria-labelledby": "small-title" });
  field.value = text;
  if (hint) field.placeholder = hint;
  form.append(field);
  askSmall(title, "", yes, form, () => { if (field.value.trim()) then(field.value.trim()); });
  field.select();
}

function askSure(title, words, yes, then) {
  askSmall(title, words, yes, made("form", { method: "dialog" }), then);
}

function askSmall(title, words, yes, form, then) {
  const buttons = made("div", { class: "buttons" });
  const no = made("button", { type: "button", class: "plain" }, "Cancel");
  no.addEventListener("click", () => small.close());
  buttons.append(no, made("button", { type: "submit", class: "plain sure" }, yes));
  form.append(buttons);
  form.addEventListener("submit", then);
  small.replaceChildren(made("h2", { id: "small-title" }, title), ...(words ? [made("p", {}, words)] : []), form);
  small.showModal();
}

document.body.append(menu, sheet, small);
new MutationObserver(showView).observe(byId("sheet"), { childList: true, subtree: true, attributes: true });
if (docked.matches && localStorage.getItem("career-side") === "open") {
  document.body.classList.add("side-open");
}
