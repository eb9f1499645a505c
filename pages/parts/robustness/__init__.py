"""The Robustness view: how far precision and recall fall when images are turned, dark, blurred and so on."""
