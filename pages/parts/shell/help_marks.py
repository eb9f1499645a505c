"""Hard words, each explained by one plain sentence, for the help marks beside headings and widgets.

`t` says them where they are shown.
"""

from __future__ import annotations

from cvcore.languages import marked

HELP: dict[str, str] = {
    "API": marked("An address at which another program can ask the model."),
    "Advanced": marked("Quick trains only the last step of the network; Advanced changes its layers before it, too."),
    "augmentation": marked(
        "Images are changed a little for training, for example mirrored, so that the computer learns what "
        "does not matter."
    ),
    "average precision": marked(
        "One number from 0 to 100 % for how well the probabilities sort right images before wrong "
        "ones, at every threshold."
    ),
    "backbone": marked(
        "The part of the network that turns an image into numbers; it learned from a million other images."
    ),
    "calibration": marked(
        "Whether probabilities mean what they say: of 100 answers of 80 %, about 80 should be right."
    ),
    "checkpoint": marked("A copy of the network that was saved during training."),
    "confidence interval": marked("The true value is likely between these two numbers; more images bring them closer."),
    "confusion matrix": marked("A table that counts, for each tag, what the model answered instead."),
    "cross-validation": marked("Every image is judged by a model that did not learn from it, in several rounds."),
    "domain": marked("What kind of images the network is prepared for, and how large it is."),
    "embeddings": marked("The numbers that describe an image for the computer; similar images have similar numbers."),
    "epoch": marked("One round of training in which the network sees every image once."),
    "expected calibration error": marked(
        "How far the probabilities are from how often the answers are right, on average."
    ),
    "F1": marked("Precision and recall in one number; it is high only if both are."),
    "false negative": marked("An image of the tag that the model missed."),
    "false positive": marked("An image that was given the tag wrongly."),
    "fold": marked(
        "One of the groups that the images are divided into; each is held out of training once, and judged."
    ),
    "group key": marked(
        "What makes images belong together: the same day, object or person. A group is either learned from or "
        "judged, never both, so that the numbers are those of a new day, object or person."
    ),
    "hold-out": marked("One image in five is kept out of training and used to judge the model."),
    "image quality": marked(
        "What a camera or a scan can spoil: light, focus, size; and one image that has different tags."
    ),
    "iteration": marked("One training and its result; every training makes a new one."),
    "k-fold cross-validation": marked(
        "The images are divided into groups, and each group is judged by a model that learned from the others."
    ),
    "learning curve": marked(
        "How good the model is with few and with many images: it shows whether more images would help."
    ),
    "learning rate": marked("How large the steps are by which the network changes while it learns."),
    "loss": marked("How wrong the network's answers are; training makes it smaller."),
    "manifest": marked("A text file that lists images with their tags, one a line."),
    "McNemar test": marked(
        "Counts the images that only one of two models gets right, and says whether the difference may be chance."
    ),
    "multiclass": marked("Every image has exactly one tag."),
    "multilabel": marked("An image can have several tags."),
    "near duplicate": marked("An image that looks almost the same as another."),
    "negative tag": marked("A tag for images that show none of the other tags."),
    "overfitting": marked("The network learns its images by heart and is worse on new ones."),
    "precision": marked("Of the images that were given the tag, how many really have it."),
    "probability": marked("How sure the model is of a tag, from 0 to 100 %."),
    "published": marked("An iteration that other programs can ask, under a name."),
    "quantised": marked(
        "The numbers in the model are stored shorter: it is smaller and faster, and a little less exact."
    ),
    "recall": marked("Of the images that really have the tag, how many the model found."),
    "robustness": marked("How good the model still is when images are turned, darker, blurred or partly covered."),
    "shortcut": marked(
        "Something beside the thing itself that gives a tag away, such as the light that all its photos were taken in."
    ),
    "slice": marked(
        "A part of the evaluated images that have something in common: the same folder, day, camera, size, or a "
        "value that you gave them. A model that is good on average can fail on one of them."
    ),
    "temperature scaling": marked(
        "One number that makes all probabilities more careful or bolder, so that they mean what they say."
    ),
    "threshold": marked("How sure the model must be before it gives a tag."),
    "validation images": marked("Images that the network does not learn from; they show whether it gets better."),
    "webhook": marked("An address that is told when something is done."),
}
