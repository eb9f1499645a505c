(title, chosen, language) => {
    // streamlit-image-select builds its images when its frame has loaded, and again if the page moves the frame, so
    // this looks again as long as there is a frame; a newer look takes over from an older one.
    const TRIES = 30;
    const turn = window.tagwiseTested = (window.tagwiseTested ?? 0) + 1;
    const name = (image, place, text) => {
        // It always marks the first image, whichever is chosen.
        for (const each of [image, image.parentElement]) each.classList.toggle("selected", place === chosen);
        image.alt = text;
        Object.assign(image, { tabIndex: 0, role: "button", ariaPressed: place === chosen });
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
    const look = (tries) => {
        const frame = document.querySelector("iframe[src*='image_select']");
        const images = [...(frame?.contentDocument?.querySelectorAll(".item img") ?? [])];
        if (frame && frame.title !== title) frame.title = title;
        images.forEach((image, place) => {
            if (image.alt) return;
            const page = image.ownerDocument;
            const caption = image.closest(".item").querySelector(".caption");
            page.documentElement.lang = language;
            page.body.style.color = page.querySelector("label").style.color;
            if (caption) caption.style.color = "inherit"; // its own grey is too pale to read
            name(image, place, caption?.textContent || title);
        });
        if (turn === window.tagwiseTested && tries > 0) setTimeout(look, 300, frame ? TRIES : tries - 1);
    };
    look(TRIES);
}
