"""Credit decisions that can be defended: raw tables in, defended decisions out."""

from typing import Final

__version__: Final = "0.1.0"
