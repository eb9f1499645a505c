"""Parts of an upload: the files chosen, with thumbnails; the thread that stores them; what became of them."""
