"""HTTP routes and middleware beside the pages: images, downloads, password, and Custom Vision's API."""
