// A mark of a chart says its values: to who points at it, and to who goes from mark to mark with the arrow keys.
const tip = document.querySelector(".tip");
let marked = null;
const leave = () => {
  if (marked) marked.classList.remove("at");
  marked = null;
  tip.hidden = true;
};
const point = (mark) => {
  leave();
  marked = mark;
  mark.classList.add("at");
  tip.textContent = mark.getAttribute("aria-label").split("; ").join("\n");
  tip.hidden = false;
  // It stands above the mark, or below where there is no room, and inside the page.
  const box = mark.getBoundingClientRect();
  const [width, height] = [tip.offsetWidth, tip.offsetHeight];
  const left = Math.min(Math.max(box.x + box.width / 2 - width / 2, 4), document.documentElement.clientWidth - width - 4);
  const top = box.y > height + 8 ? box.y - height - 6 : box.bottom + 6;
  tip.style.left = `${left + scrollX}px`;
  tip.style.top = `${top + scrollY}px`;
};
for (const drawing of document.querySelectorAll("figure svg")) {
  const marks = [...drawing.querySelectorAll(".mark")];
  if (!marks.length) continue;
  drawing.addEventListener("pointerover", (event) => {
    const mark = event.target.closest(".mark");
    if (mark) point(mark);
    else leave();
  });
  drawing.addEventListener("pointerleave", leave);
  drawing.tabIndex = 0;
  drawing.addEventListener("focus", () => {
    if (drawing.matches(":focus-visible")) point(marks[0]);
  });
  drawing.addEventListener("blur", leave);
  drawing.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    const at = marks.indexOf(marked);
    if (event.key === "Escape") leave();
    else if (event.key in steps) point(marks[(at + steps[event.key] + marks.length) % marks.length]);
    else if (event.key === "Home") point(marks[0]);
    else if (event.key === "End") point(marks.at(-1));
    else return;
    event.preventDefault();
  });
}
