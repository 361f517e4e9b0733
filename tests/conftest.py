"""The published headers, fetched once (`sdk` tests)."""

import pytest

from codemods.toolchain.layout import Toolchain, find_toolchain
from codemods.toolchain.releases import release


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    """The default release's headers, from the cache or fetched with pip."""
    return find_toolchain(release())
