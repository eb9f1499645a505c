"""Whether an iteration's tags can be told apart without looking at what images show, on the Performance page."""
