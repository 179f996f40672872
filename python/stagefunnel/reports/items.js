// A number shows the first items behind it.
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
