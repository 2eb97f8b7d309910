// Documents of one's own: chosen or dropped into the page, for this conversation alone.

const chooser = made("input", { type: "file", multiple: "", hidden: "", id: "chooser", "aria-label": "Documents" });
const dropping = made("div", { id: "dropping", hidden: "" });
const given = () => document.querySelector("#papers .given");
const kinds = () => given()?.dataset.kinds.split(",") ?? [];
const most = () => Number(given()?.dataset.most ?? 0);
const rule = () => `${[...new Set(kinds().map((kind) => kind.slice(1)))].join(", ")}; up to ${Math.round(most() / 1e6)} MB each`;

function offer() {
  const form = made("form", { method: "dialog" });
  askSmall(
    "Add a document",
    `A CV, a job posting, a handbook: ask about it in this conversation only. Nobody else finds it, and it is removed with the conversation. Kinds: ${rule()}. You can also drop it anywhere on the page.`,
    "Choose files", form, () => chooser.click(),
  );
}

async function bring(files) {
  const known = [...files].filter((file) => kinds().some((kind) => file.name.toLowerCase().endsWith(kind)));
  const fit = known.filter((file) => file.size <= most());
  for (const file of files) {
    if (!known.includes(file)) tell(`${file.name} cannot be read. Kinds: ${rule()}.`);
    else if (!fit.includes(file)) tell(`${file.name} is over ${Math.round(most() / 1e6)} MB. Split it, or give a smaller one.`);
  }
  if (!fit.length) return;
  tell(`Reading ${fit.map((file) => file.name).join(", ")}`, 60000);
  try {
    const sent = await Promise.all(fit.map(async (file) => ({ name: file.name, path: (await upload(file)).path })));
    trigger("bring", { files: sent });
  } catch {
    tell("The file did not come through. Try again; if it fails again, give a smaller one.");
  }
}

chooser.addEventListener("change", () => { bring(chooser.files); chooser.value = ""; });
const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  dropping.textContent = `Drop it to ask about it in this conversation only. ${rule()}.`;
  dropping.hidden = false;
});
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) dropping.hidden = true; });
document.addEventListener("drop", (event) => {
  dropping.hidden = true;
  if (!carriesFiles(event)) return;
  event.preventDefault();
  event.stopPropagation();
  bring([...event.dataTransfer.files]);
}, true);
let papersBefore = 0;
new MutationObserver(() => {
  const now = document.querySelectorAll("#papers li").length;
  if (now > papersBefore) { tell("Added. Ask about it."); box()?.focus(); }
  else if (document.querySelector("#papers .failure")) tell("");
  papersBefore = now;
}).observe(byId("papers"), { childList: true, subtree: true });
document.body.append(chooser, dropping);
