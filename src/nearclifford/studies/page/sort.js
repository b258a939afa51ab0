"use strict";

// Sorting by a column: ascending, descending, and back to the order of the study.
const valueOf = (cell) => cell.title || cell.textContent;
const numberOf = (text) => ({ "inf": Infinity, "∞": Infinity, "-inf": -Infinity, "-∞": -Infinity })[text] ?? Number(text);
const compareNumbers = (a, b) => (Number.isNaN(a) ? 1 : 0) - (Number.isNaN(b) ? 1 : 0);

function sorted(rows, column, numeric, sign) {
  const keyed = rows.map((row) => [numeric ? numberOf(valueOf(row.cells[column])) : valueOf(row.cells[column]), row]);
  keyed.sort(([a], [b]) =>
    numeric ? compareNumbers(a, b) || (a === b || Number.isNaN(a) ? 0 : sign * (a < b ? -1 : 1))
            : sign * a.localeCompare(b, "en", { numeric: true }));
  return keyed.map(([, row]) => row);
}

for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], asGiven = [...body.rows], heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const next = { "ascending": "descending", "descending": null }[head.getAttribute("aria-sort")];
      const order = next === undefined ? "ascending" : next;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      if (order) head.setAttribute("aria-sort", order);
      body.append(...(order ? sorted(asGiven, column, head.classList.contains("n"), order === "ascending" ? 1 : -1) : asGiven));
    });
  });
}

for (const text of document.querySelectorAll("pre.copied")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  text.before(button);
  button.addEventListener("click", async () => {
    getSelection().selectAllChildren(text);
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

// Paper shows what is folded away.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  folded.forEach((one) => { one.open = true; });
});
addEventListener("afterprint", () => folded.forEach((one) => { one.open = false; }));
