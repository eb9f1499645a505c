"""Parts of the Images page: image browser, upload, suggested tags, and the list of tags."""
