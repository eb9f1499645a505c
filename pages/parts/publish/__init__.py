"""The Publish page: published names, code snippets for programs, exports, predictions for many images."""
