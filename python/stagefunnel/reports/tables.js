"use strict";
// What the page says, in its language, and where the numbers of its tables stand.
const said = JSON.parse(document.getElementById("said").textContent);
const say = (name, values) => said[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
const written = (value) => (typeof value === "number" ? said.count.format(value) : value);
said.count = new Intl.NumberFormat(document.documentElement.lang);
// What a cell is sorted by: its length of time in seconds, its day, its first number, or its text. The page says
// how its language writes them.
const { group, decimal, lengths, months } = said.form;
const NUMBER = new RegExp(`\\d+(?:[${group}]\\d{3})*(?:[${decimal}]\\d+)?`, "g");
const DAY = /^(\d{1,2})(?:er|\.)?\s+(?:de\s+)?(\p{L}+)\s+(?:de\s+)?(\d{4})(?:\D*(\d\d:\d\d))?/u;
const numberOf = (digits) => Number(digits.replaceAll(group, "").replace(decimal, "."));
const valueOf = (text) => {
  const plain = text.replaceAll("\u2060", "").replace("−", "-").trim();
  if (plain === "" || plain === "–") return null;
  const [, day, month, year, time] = DAY.exec(plain) ?? [];
  if (months[month])
    return [year, String(months[month]).padStart(2, "0"), day.padStart(2, "0"), time ?? ""].join("-");
  if (!/^-?[<>]?\s*[+-]?\d/.test(plain) || /^\d{4}(-|Q)/.test(plain)) return plain.toLowerCase();
  const start = plain.split("(")[0]; // bounds in brackets are no part of it
  const parts = [...start.matchAll(NUMBER)];
  const secondsOf = (part, at) => {
    const name = start.slice(part.index + part[0].length, parts[at + 1]?.index);
    return lengths[name.replace(/\s+/g, " ").trim()];
  };
  const value = secondsOf(parts[0], 0)
    ? parts.reduce((sum, part, at) => sum + numberOf(part[0]) * (secondsOf(part, at) ?? 0), 0)
    : numberOf(parts[0][0]);
  return plain.startsWith("-") ? -value : value;
};
const compared = (a, b) => {
  if (typeof a === typeof b)
    return typeof a === "number" ? a - b : a.localeCompare(b, document.documentElement.lang, { numeric: true });
  return typeof a === "number" ? -1 : 1;
};
// A table: its rows can be filtered, sorted, copied, and replaced by those of a choice.
class Table {
  constructor(part) {
    this.body = part.querySelector("tbody");
    this.heads = [...part.querySelectorAll("thead th")];
    this.filter = part.querySelector(".filter");
    this.choose = part.querySelector(".choose");
    this.left = part.querySelector(".left");
    this.sorted = { place: -1, order: 0 };
    this.take();
    this.own = this.rows;
    if (this.filter) this.filter.addEventListener("input", () => this.update());
    if (this.choose) this.choose.addEventListener("change", () => this.update());
    this.heads.forEach((head, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.replaceChildren(...head.childNodes);
      head.replaceChildren(button);
      button.addEventListener("click", () => this.sort(place));
    });
    const copy = document.createElement("button");
    copy.type = "button";
    copy.textContent = said.copy;
    copy.addEventListener("click", () => this.copy());
    part.querySelector(".tools").append(copy);
  }
  take() {
    this.rows = [...this.body.rows];
    // A column of texts may have one that begins with a number, such as a key.
    const of = (text, place) => {
      const value = valueOf(text);
      return typeof value === "number" && !this.heads[place].classList.contains("number") ? text.toLowerCase() : value;
    };
    this.values = this.rows.map((row) => [...row.cells].map((cell, place) => of(cell.textContent.trim(), place)));
  }
  update() {
    const wanted = this.filter ? this.filter.value.trim().toLowerCase() : "";
    const chosen = this.choose ? this.choose.value : "";
    let shown = 0;
    for (const row of this.rows) {
      const fits =
        row.textContent.toLowerCase().includes(wanted) && (!chosen || row.cells[0].textContent === chosen);
      row.hidden = !fits;
      shown += fits;
    }
    const all = this.rows.length;
    this.left.textContent = shown === all ? "" : say("rows", { shown: written(shown), all: written(all) });
  }
  // The first click puts the largest numbers or the first words on top, the second turns that round, and the
  // third puts the rows back as they were.
  sort(place) {
    const numbers = this.heads[place].classList.contains("number");
    const orders = numbers ? [-1, 1, 0] : [1, -1, 0];
    const at = this.sorted.place === place ? orders.indexOf(this.sorted.order) + 1 : 0;
    this.order(place, orders[at % 3]);
  }
  order(place, order) {
    this.sorted = { place: order ? place : -1, order };
    this.heads.forEach((head, own) => {
      if (order && own === place) head.setAttribute("aria-sort", order > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    const places = this.rows.map((_, row) => row);
    if (order)
      places.sort((a, b) => {
        const [x, y] = [this.values[a][place], this.values[b][place]];
        if (x === null || y === null) return (x === null) - (y === null);
        return order * compared(x, y) || a - b;
      });
    // A group's name is seen in the first of its rows only, but where these do not stand together.
    this.body.classList.toggle("is-sorted", order !== 0);
    this.body.replaceChildren(...places.map((at) => this.rows[at]));
  }
  // A text that a spreadsheet would take for a formula is quoted.
  copy() {
    const text = (cell) => {
      const plain = cell.textContent.trim().replace(/\s+/g, " ");
      return /^[=+\-@]/.test(plain) && typeof valueOf(plain) !== "number" ? `'${plain}` : plain;
    };
    const rows = [...this.body.rows].filter((row) => !row.hidden);
    const lines = [this.heads, ...rows.map((row) => [...row.cells])].map((cells) => cells.map(text).join("\t"));
    const done = () => (this.left.textContent = say("copied", { n: written(rows.length) }));
    const failed = () => (this.left.textContent = said.not_copied);
    if (navigator.clipboard) navigator.clipboard.writeText(lines.join("\n")).then(done, failed);
    else failed();
  }
  // The rows of a choice take the place of the table's own, or these come back.
  show(rows) {
    if (rows) {
      const texts = this.heads.map((head) => !head.classList.contains("number"));
      this.body.replaceChildren(
        ...rows.map((values) => {
          const row = document.createElement("tr");
          values.forEach((value, place) => {
            const cell = document.createElement(place || !value ? "td" : "th");
            if (cell.tagName === "TH") {
              cell.scope = "row";
              if (written(value).length < 25) cell.className = "short";
            } else if (!texts[place]) cell.className = "number";
            cell.textContent = written(value);
            row.append(cell);
          });
          return row;
        }),
      );
    } else {
      this.order(-1, 0);
      this.body.replaceChildren(...this.own);
    }
    this.take();
    const { place, order } = this.sorted;
    if (order) this.order(place, order);
    this.update();
  }
}
const tables = new Map();
for (const part of document.querySelectorAll("details.table")) tables.set(part, new Table(part));
