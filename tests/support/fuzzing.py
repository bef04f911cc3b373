"""How many examples hypothesis generates: few by default, always the same ones.

`FUZZ_EXAMPLES=20000 pytest tests/…` generates that many, other ones in each run.
"""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))


def fuzz(quick: int) -> Callable[[Any], Any]:
    """Decorate a test that generates `quick` examples by default."""
    return settings(
        max_examples=EXAMPLES or quick,
        derandomize=not EXAMPLES,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@st.composite
def mutated(draw: st.DrawFn, text: str, inserted: st.SearchStrategy[str]) -> str:
    """Generate `text` with a part replaced."""
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, len(text)))
    return text[:start] + draw(inserted) + text[end:]
