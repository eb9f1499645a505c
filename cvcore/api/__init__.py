"""HTTP routes and middleware beside the pages: images, downloads, password, and the APIs that Tagwise stands in for."""
