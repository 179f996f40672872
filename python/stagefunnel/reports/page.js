"use strict";
for (const part of document.querySelectorAll("details.table")) {
  const rows = [...part.querySelectorAll("tbody tr")];
  const filter = part.querySelector(".filter");
  const choose = part.querySelector(".choose");
  const left = part.querySelector(".left");
  // A group's name stands in the first of its rows only; the rows below it are of the same group.
  const groups = [];
  for (const row of rows) groups.push(row.cells[0].textContent.trim() || groups.at(-1));
  const update = () => {
    const wanted = filter ? filter.value.trim().toLowerCase() : "";
    const chosen = choose ? choose.value : "";
    let shown = 0;
    rows.forEach((row, place) => {
      const fits = row.textContent.toLowerCase().includes(wanted) && (!chosen || groups[place] === chosen);
      row.hidden = !fits;
      shown += fits;
    });
    if (left) left.textContent = shown === rows.length ? "" : left.dataset.text.replace("{shown}", shown).replace("{all}", rows.length);
  };
  if (filter) filter.addEventListener("input", update);
  if (choose) choose.addEventListener("change", update);
}
for (const section of document.querySelectorAll("section")) {
  const panel = section.querySelector(".panel");
  if (!panel) continue;
  let from = null;
  const show = (link) => {
    if (from) from.removeAttribute("aria-current");
    from = link;
    link.setAttribute("aria-current", "true");
    const list = document.getElementById(link.getAttribute("href").slice(1));
    panel.replaceChildren(...[...list.cloneNode(true).children]);
    panel.hidden = false;
  };
  const hide = () => {
    if (from) from.removeAttribute("aria-current");
    panel.hidden = true;
  };
  for (const link of section.querySelectorAll("a.to-items")) {
    link.addEventListener("focus", () => show(link));
    link.addEventListener("click", (event) => {
      event.preventDefault();
      show(link);
      panel.scrollIntoView({ block: "nearest" });
    });
  }
  section.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
}
