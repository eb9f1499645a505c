"""What jobs store in English, their progress and why they failed, in the language of whoever looks at them."""

from __future__ import annotations

from cvcore.languages import marked, said_again

# Each is said by `t` where it is stored, or stands there as a constant.
STAGES = (
    # First: it holds one of the others.
    marked("{stage} ({machines} machines, {cores} cores)"),
    marked("Starting TensorFlow"),
    marked("Downloading {network}, {size} MB (only once)"),
    marked("Preparing {network} (only once)"),
    marked("Checking stored images: {done} of {total}"),
    marked("Computing embeddings: {done} of {total}"),
    marked("Reading images: {done} of {total}"),
    marked("Fitting the classifier"),
    marked("Fitting classifiers"),
    marked("Looking for what to do next"),
    marked("Loading the network"),
    marked("Augmenting images: {percent}"),
    marked("Fine-tuning: epoch {number} of {epochs}"),
    marked("Evaluating fold {number} of {folds}"),
    marked("Saving the network"),
    marked("Changing images and judging them: {done} of {total}, about {minutes} min left"),
    marked("Changing images and judging them: {done} of {total}"),
    marked("Fitting the classifiers of the folds"),
    marked("Placing the images"),
    marked("Training on fewer images"),
)
FAILURES = (
    marked("robustness needs images that were evaluated, {iteration!r} has none: train again"),
    marked("training needs more memory than this machine has: train with fewer images or tags, or on a larger machine"),
    marked("an unexpected error: {error}; details are in the server's log"),
    marked("the training process died {times} times at this; the machine may have too little memory"),
    marked(
        "the network {network} must be prepared once, but the process that does it ended with status {status}; the "
        "machine may have too little memory: try again"
    ),
    marked(
        "{network} needs its ImageNet weights, which are not on this machine and cannot be downloaded ({error}): "
        "connect it to the internet once, or copy {file} into {folder}"
    ),
    marked("the disk that holds {folder} is full: free some space and try again"),
    marked("the file {file} is missing from the home folder; restore it from a backup"),
    marked(
        "every image must be in the home folder, these are missing or damaged: {names}; delete them and train "
        "again, or restore the folder from a backup"
    ),
    marked(
        "the machines of the cluster must live through their work, {times} processes died over the same images: look "
        "at Ray's logs, or unset TAGWISE_RAY"
    ),
    marked("every image of the test set must be in the home folder, some are missing or damaged"),
)
NOTES = (marked("{reason}. The built-in network was used instead: expect somewhat lower accuracy."),)


def said(text: str) -> str:
    """A job's stage or error, or an iteration's note, in the language spoken; as it is if it is of no known message."""
    return said_again(text, (*STAGES, *NOTES, *FAILURES))
