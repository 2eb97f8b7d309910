// Runs before everything else: the face that was chosen, the page's picture until Gradio has started, and a watch over
// what the server answers, so that a limit or a lost connection is said in the page's own words.

const faces = ["", "light", "dark"];
const chosenFace = () => (faces.includes(localStorage.getItem("career-face")) ? localStorage.getItem("career-face") : "");
const darkNow = () => (chosenFace() ? chosenFace() === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);

function putFace() {
  document.documentElement.classList.toggle("dark", darkNow());
  document.body?.classList.toggle("dark", darkNow());
}

putFace();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", putFace);

// The picture of the page. What is typed or pressed on it is kept for the page itself.
window.career = { pressed: "", typed: "" };

function drawCurtain() {
  if (!document.body || document.getElementById("curtain")) return;
  putFace();
  const drawn = document.createElement("div");
  drawn.id = "curtain";
  drawn.innerHTML = curtain;
  drawn.querySelectorAll("[id]").forEach((one) => { one.dataset.part = one.id; one.removeAttribute("id"); });
  document.body.prepend(drawn);
  drawn.addEventListener("click", (event) => {
    const ask = event.target.closest("[data-ask]");
    if (!ask) return;
    window.career.pressed = ask.dataset.ask;
    ask.setAttribute("aria-busy", "true");
  });
  const box = drawn.querySelector("textarea");
  box.addEventListener("input", () => { window.career.typed = box.value; });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || !box.value.trim()) return;
    event.preventDefault();
    window.career.pressed = box.value.trim();
    box.value = window.career.typed = "";
  });
  if (matchMedia("(min-width: 900px)").matches) box.focus();
}

document.addEventListener("readystatechange", drawCurtain);
new MutationObserver((_, observer) => {
  if (!document.body) return;
  drawCurtain();
  observer.disconnect();
}).observe(document.documentElement, { childList: true });

// What the server answers.
function said(kind, words) {
  document.dispatchEvent(new CustomEvent("career-trouble", { detail: { kind, words } }));
}

const plainFetch = window.fetch.bind(window);
window.fetch = async (...asked) => {
  try {
    const answer = await plainFetch(...asked);
    if (answer.status === 429) {
      said("limit", `That was more than may be asked in this time. Try again in ${answer.headers.get("Retry-After") ?? "some"} seconds.`);
    } else if (answer.status === 401 || answer.status === 403) {
      said("key", "The server does not let this page ask. Reload it and give your key.");
    } else if (answer.status >= 502) {
      said("down", "The server is getting ready or too busy. Try again in a moment.");
    } else if (answer.ok) {
      said("fine", "");
    }
    return answer;
  } catch (error) {
    if (error.name !== "AbortError") said("down", "The server cannot be reached. What you see stays; try again when it is back.");
    throw error;
  }
};
