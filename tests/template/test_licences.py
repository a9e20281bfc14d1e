"""What the functions carry may be carried, and the page says under which terms."""

from __future__ import annotations

import pytest

from local.security_check.licences import PAGE, PERMITTED, carried, licence_of, page


@pytest.mark.parametrize("name", sorted(name for name, _ in carried()))
def test_a_package_that_is_carried_may_be(name: str) -> None:
    assert licence_of(name) in PERMITTED


def test_the_page_is_that_of_the_lock_files() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m local.security_check.licences"


def test_what_is_not_installed_has_no_licence_that_could_be_told() -> None:
    with pytest.raises(LookupError, match="nothing-of-that-name is not installed"):
        licence_of("nothing-of-that-name")
