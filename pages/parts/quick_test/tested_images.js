(title) => {
    // streamlit-image-select builds its images when its frame has loaded, and again if the page moves the frame, so
    // this looks again as long as there is a frame; a newer look takes over from an older one.
    const turn = window.tagwiseTested = (window.tagwiseTested ?? 0) + 1;
    const name = (image, caption) => {
        image.alt = caption;
        Object.assign(image, { tabIndex: 0, role: "button", ariaPressed: image.classList.contains("selected") });
        image.onkeydown = (event) => {
            if (event.key !== "Enter" && event.key !== " ") return;
            event.preventDefault();
            image.click();
        };
        image.addEventListener("focus", () => { image.style.outline = "3px solid Highlight"; });
        image.addEventListener("blur", () => { image.style.outline = ""; });
        image.addEventListener("click", () => {
            for (const each of image.ownerDocument.images) each.ariaPressed = each === image;
        });
    };
    const TRIES = 30;
    const look = (tries) => {
        const frame = document.querySelector("iframe[src*='image_select']");
        const images = [...(frame?.contentDocument?.querySelectorAll(".item img") ?? [])];
        if (frame) frame.title = title;
        if (turn === window.tagwiseTested && tries > 0) setTimeout(look, 300, frame ? TRIES : tries - 1);
        for (const image of images) {
            const caption = image.closest(".item").querySelector(".caption");
            if (caption) caption.style.color = "inherit"; // its own grey is too pale to read
            if (!image.alt) name(image, caption?.textContent || title);
        }
        if (images.length) {
            const page = frame.contentDocument;
            page.documentElement.lang = document.documentElement.lang || "en";
            page.body.style.color = page.querySelector("label").style.color;
        }
    };
    look(TRIES);
}
