// Counts an audience while somebody types its rule. Without this the button does.
"use strict";
const form = document.querySelector("form[data-count]");
if (form) {
  const rule = form.querySelector("textarea"), out = document.getElementById("count");
  let timer = 0, asked = 0;
  const ask = async () => {
    const mine = ++asked;
    try {
      const answer = await fetch(form.dataset.count, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      if (answer.redirected) { location.href = "/signin"; return; }
      const said = await answer.json();
      if (mine !== asked) return; // somebody has typed on
      out.textContent = said.fault || said.text;
      out.classList.toggle("wrong", Boolean(said.fault));
      rule.setAttribute("aria-invalid", String(Boolean(said.fault)));
    } catch {
      if (mine === asked) out.textContent = "The service does not answer.";
    }
  };
  rule.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 200); });
  if (!out.textContent) ask();
}
