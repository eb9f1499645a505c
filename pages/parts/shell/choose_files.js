// Streamlit's controls to choose files: their buttons are named for those who hear the page as the style sheet names
// them for the eye, and files are never lost.
(() => {
  if (window.tagwiseChooseFiles) return;
  window.tagwiseChooseFiles = true;
  const named = "[data-testid=stFileUploaderDropzone] > span button";
  const name = () => {
    for (const button of document.querySelectorAll(named)) {
      const text = button.querySelector("[data-testid=stMarkdownContainer]");
      const shown = text ? getComputedStyle(text, "::after").content : "";
      if (!shown.startsWith('"')) continue;
      const name = shown.slice(1, -1);
      if (button.getAttribute("aria-label") !== name) button.setAttribute("aria-label", name);
    }
  };
  new MutationObserver(name).observe(document.body, { childList: true, subtree: true });

  // A page can be drawn anew while the system's dialog to choose files is open. If that replaced the control, the files
  // arrive at the old one, which nobody hears any more: the new one of the same key gets them.
  const keys = new WeakMap();
  const carry = ({ target }) => {
    if (target.isConnected) return;
    let tries = 100;
    const timer = setInterval(() => {
      const heir = document.querySelector(`.${CSS.escape(keys.get(target))} input[type=file]`);
      if (heir) {
        heir.files = target.files;
        heir.dispatchEvent(new Event("change", { bubbles: true }));
      }
      if (heir || --tries < 0) clearInterval(timer);
    }, 100);
  };
  const remember = ({ target }) => {
    if (target.type !== "file") return;
    const key = [...(target.closest('[class*="st-key-"]')?.classList ?? [])].find((each) => each.startsWith("st-key-"));
    if (!key) return;
    keys.set(target, key);
    target.addEventListener("change", carry);
  };
  addEventListener("click", remember, true);
})();
