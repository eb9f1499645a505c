"""The HTTP routes and middleware of the web app's port, beside the pages."""
