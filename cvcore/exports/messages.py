"""What exports say in English about their progress and why they failed, in the language of whoever looks at them."""

from __future__ import annotations

from cvcore.languages import marked, said_again

WAITING = marked("Waiting for another export")

# The export's process says each by `t`.
STAGES = (
    WAITING,
    marked("Computing the page's probabilities"),
    marked("Starting TensorFlow"),
    marked("Converting to {format}"),
    marked("Testing it on {number} images"),
)
FAILURES = (
    marked("the iteration was deleted while it was exported: choose another iteration"),
    marked("the export stopped unexpectedly (exit status {status}): try again"),
    marked("this iteration cannot be exported as {format} ({reason}): choose another format"),
    marked(
        "the {format} export must agree with the page to {tolerance}, {agreement}: nothing was written, choose another "
        "format"
    ),
    marked("an export is tested on {iteration}'s images, but all their files were deleted: train again"),
)


def said(text: str) -> str:
    """An export's stage or error in the language spoken; as it is if it is of no known message."""
    return said_again(text, (*STAGES, *FAILURES))
