// The log as it comes: by events where the server tells them, else read anew now and then. Lines are text, always.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("log-of");
  const MOST = 2000; // lines that are kept
  const log = () => document.getElementById("log");
  const atEnd = () => log().scrollHeight - log().scrollTop - log().clientHeight < 40;
  const toEnd = () => { log().scrollTop = log().scrollHeight; };
  toEnd();
  if (place && place.dataset.log) {
    let open = false;
    const source = new EventSource(place.dataset.log);
    source.onopen = () => { open = true; };
    source.onerror = () => { open = false; };
    source.addEventListener("refused", () => { open = false; source.close(); });
    source.addEventListener("begin", () => { log().textContent = ""; }); // of a run: its lines follow
    source.addEventListener("lines", (event) => {
      const told = JSON.parse(event.data), follow = atEnd();
      const shown = told.missed ? [`… ${told.missed} …`, ...told.lines] : told.lines;
      for (const line of shown) log().append(document.createTextNode(`${line}\n`));
      while (log().childNodes.length > MOST) log().firstChild.remove();
      if (follow) toEnd();
    });
    setInterval(async () => {
      if (open || document.hidden) return;
      const got = await fetch(place.dataset.lines, { headers: { "HX-Request": "true" } });
      if (!got.ok) return;
      const follow = atEnd(), text = new DOMParser().parseFromString(await got.text(), "text/html").getElementById("log").textContent;
      if (log().textContent !== text) log().textContent = text;
      if (follow) toEnd();
    }, 5000);
    addEventListener("pagehide", () => source.close());
  }
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful && event.target.matches("form[data-clears]")) event.target.querySelector("[name=line]").value = "";
  });
});
