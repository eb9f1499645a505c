"""See `cvcore.cli.projects`."""

from cvcore.cli.projects import _also_as_csv, _answer_json, _csv_file, _images_at, _readable, predict

__all__ = ["_also_as_csv", "_answer_json", "_csv_file", "_images_at", "_readable", "predict"]
