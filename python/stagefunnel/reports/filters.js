// One group, one kind and one period: their numbers stand in the page, and nothing is added up here.
const form = document.querySelector("form.filters");
if (form) {
  const ALL = -1;
  const data = JSON.parse(document.getElementById("choices").textContent);
  const status = document.querySelector(".chosen");
  const tiles = [...document.querySelectorAll(".facts > div")];
  const note = document.querySelector(".not-compared");
  const ownNote = note?.textContent ?? "";
  const own = tiles.map((tile) => [...tile.cloneNode(true).childNodes]);
  const element = (name, className, ...children) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...children);
    return made;
  };
  // A browser breaks a date at its dashes, where a mark of no width forbids that.
  const together = (text) => text.replace(/(\d)-(?=\d)/g, "$1-\u2060");
  const select = (name) => form.querySelector(`[name=${name}]`);
  const chosen = (name) => Number(select(name)?.value ?? ALL);
  const called = (name) => select(name).selectedOptions[0].textContent;
  const shownTiles = (cell, period) =>
    tiles.forEach((tile, place) => {
      if (!cell) return tile.replaceChildren(...own[place].map((node) => node.cloneNode(true)));
      const [value, detail] = cell[0][place];
      const number = element("dd", value.length > 11 ? "long" : "", value);
      if (detail) number.append(element("span", "detail", detail));
      const [change, clear] = cell[3][place] ?? [""];
      if (change) number.append(element("span", clear ? "change clear" : "change", together(change)));
      tile.replaceChildren(element("dt", "", data.tiles[period === ALL ? 0 : 1][place]), number);
    });
  // A bar has a part for what is assumed; its length is of the longest one.
  const bar = (name, parts, longest, text) => {
    const drawn = element("span", "bar");
    for (const [className, part] of parts.filter(([, part]) => part)) {
      const piece = element("span", className);
      piece.style.width = `${longest ? (100 * part) / longest : 0}%`;
      drawn.append(piece);
    }
    drawn.setAttribute("aria-hidden", "true");
    return element("li", "", element("span", "of", name), drawn, element("span", "says", text));
  };
  const bars = (title, rows) => {
    const list = element("ul", "bars", ...rows);
    list.setAttribute("aria-label", title);
    return element("div", "", element("p", "title", title), list);
  };
  const KINDS = ["classic", "conversions"];
  const titles = Object.fromEntries([...select("kind").options].map((one) => [one.value, one.textContent]));
  const place = (kind, name) => data.columns.findIndex(([own, column]) => own === kind && column === name);
  const funnelBars = (stages, rows, kind) => {
    const kinds = KINDS.filter((one, at) => kind === ALL || kind === at);
    const longest = Math.max(0, ...KINDS.flatMap((one) => rows.map((row) => row[place(one, "reached")])));
    return kinds.map((one) =>
      bars(
        titles[KINDS.indexOf(one)] + (one === "classic" ? "" : ` (${said.assumed})`),
        rows.map((row, at) => {
          const reached = row[place(one, "reached")];
          const assumed = row[place(one, "assumed")] ?? 0;
          const text = `${written(reached)} · ${row[place(one, "conversion_from_all")]}`;
          return bar(stages[at], [[data.outcomes[at], reached - assumed], ["assumed", assumed]], longest, text);
        }),
      ),
    );
  };
  const lossBars = (rows, what) => {
    const n = data.loss_texts;
    const longest = Math.max(0, ...rows.map((row) => row[n]));
    // Most pipelines have one lost stage, which need not be named in each line.
    const several = new Set(rows.map((row) => row[1])).size > 1;
    const name = (row) => [row[0], ...row.slice(several ? 1 : 2, n)].map((at) => data.names[at] || "–").join(", ");
    if (!rows.length) return [element("p", "", said.nothing)];
    return [
      bars(what, rows.map((row) => bar(name(row), [["lost", row[n]]], longest, `${written(row[n])} · ${row[n + 1]}`))),
    ];
  };
  // Columns of the kind that is not chosen are hidden, in the head and in each row.
  const hideColumns = (part, kind) => {
    for (const row of part.querySelectorAll("tr"))
      data.columns.forEach(([own, name], at) => {
        const shared = !["reached", "assumed"].includes(name) && !/conversion|^amount/.test(name);
        row.cells[at + 1].hidden = kind !== ALL && !shared && own !== KINDS[kind];
      });
  };
  const showSection = (key, what, drawn, rows) => {
    const section = document.getElementById(key);
    if (!section) return;
    section.classList.toggle("is-chosen", Boolean(drawn));
    section.querySelector(".of-choice").textContent = drawn ? what : "";
    section.querySelector(".choice").replaceChildren(...(drawn ?? []));
    const part = section.querySelector("details.table");
    tables.get(part).show(rows);
    if (drawn && !part.dataset.opened) {
      part.dataset.opened = part.open ? "before" : "here";
      part.open = true;
    } else if (!drawn) {
      if (part.dataset.opened === "here") part.open = false;
      delete part.dataset.opened;
    }
    const panel = section.querySelector(".panel");
    if (panel) panel.hidden = true;
  };
  const funnels = document.querySelector("#funnels details.table");
  const stages = funnels ? [...funnels.querySelectorAll("tbody th")].map((one) => one.textContent) : [];
  const update = () => {
    const [group, kind] = [chosen("group"), chosen("kind")];
    let period = chosen("period");
    let first = "";
    if (group !== ALL && period >= data.n_pairs) {
      first = `${say("not_with_group", { period: called("period") })}. `;
      select("period").value = ALL;
      period = ALL;
    }
    for (const option of select("period")?.options ?? [])
      option.disabled = group !== ALL && Number(option.value) >= data.n_pairs;
    const isAll = group === ALL && period === ALL;
    const what = ["group", "period", "kind"].filter((name) => chosen(name) !== ALL).map(called).join(", ");
    const whose = ["group", "period"].filter((name) => chosen(name) !== ALL).map(called).join(", ");
    const cell = data.cells[`${group},${period}`] ?? data.nothing;
    const some = !isAll || kind !== ALL;
    document.body.classList.toggle("chosen-some", !isAll);
    shownTiles(isAll ? null : cell, period);
    if (note) {
      note.textContent = isAll ? ownNote : together(cell[4]);
      note.hidden = !note.textContent;
    }
    const rows = cell[1].map((row, at) => [stages[at], ...row]);
    showSection("funnels", what, some ? funnelBars(stages, cell[1], kind) : null, some ? rows : null);
    if (funnels) hideColumns(funnels, kind);
    const lost = cell[2].map((row) => row.map((value, at) => (at < data.loss_texts ? data.names[value] : value)));
    showSection("losses", whose, isAll ? null : lossBars(cell[2], whose), isAll ? null : lost);
    status.textContent = some ? first + say(isAll ? "chosen_kind" : "chosen", { what }) : "";
    form.querySelector("[type=reset]").disabled = !some;
  };
  const left = document.querySelector(".left-out");
  left.textContent = data.left_out.join(". ");
  for (const [name, n] of [["group", data.n_groups], ["period", data.n_periods]])
    for (const option of [...(select(name)?.options ?? [])])
      if (Number(option.value) >= n) option.remove();
  form.addEventListener("change", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(update));
  form.hidden = false;
  // A browser that comes back to the page remembers what was chosen.
  update();
}
