"""The HTTP door: every route the web app's port answers beside the pages."""
