"""What tests of public reports share with those of pages."""

from tests.pages.conftest import imported_modules_are_no_garbage, installed_components_are_looked_up_once

__all__ = ["imported_modules_are_no_garbage", "installed_components_are_looked_up_once"]
