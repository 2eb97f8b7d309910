(() => {
  const $ = (id) => document.getElementById(id);
  const cases = [...document.querySelectorAll("details.case")];
  const fields = ["text", "tag", "outcome", "verdict"].map($);
  const shown = $("shown");
  const apply = () => {
    const [text, tag, outcome, verdict] = fields.map((field) => field.value.trim().toLowerCase());
    let count = 0;
    for (const one of cases) {
      const fits = (!text || one.textContent.toLowerCase().includes(text))
        && (!tag || one.dataset.tags.split("\u001f").includes(tag))
        && (!outcome || one.dataset.outcome === outcome)
        && (!verdict || one.dataset.verdict.split(" ").includes(verdict));
      one.hidden = !fits;
      count += fits;
    }
    shown.textContent = `${count} of ${cases.length}`;
  };
  fields.forEach((field) => field.addEventListener("input", apply));
  apply();
  const metric = $("metric");
  const charts = [...document.querySelectorAll(".chart")];
  const draw = () => charts.forEach((chart) => { chart.hidden = chart.dataset.metric !== metric.value; });
  metric.addEventListener("input", draw);
  draw();
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = cases.filter((one) => !one.hidden && !one.open);
    opened.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((one) => { one.open = false; }));
})();
