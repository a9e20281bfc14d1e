"""Others may put files into the folder that is theirs, and do nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from local.template_check.reading import statements, template_of

ROOT = Path(__file__).parents[2]
TEMPLATE = template_of(ROOT / "template.yaml")
POLICY: dict[str, Any] = TEMPLATE["Resources"]["RawBucketPolicy"]["Properties"]["PolicyDocument"]
ALLOWED = [one for one in statements(POLICY) if one["Effect"] == "Allow"]
SENDERS = ("1", "2", "3")


def test_a_sender_may_put_files_into_its_folder_and_nothing_else() -> None:
    assert [
        {
            "Sid": f"Sender{one}",
            "Effect": "Allow",
            "Principal": {"AWS": {"Ref": f"Sender{one}Principals"}},
            "Action": "s3:PutObject",
            "Resource": {"Fn::Sub": f"${{RawBucket.Arn}}/${{Sender{one}Prefix}}*"},
        }
        for one in SENDERS
    ] == ALLOWED


def test_without_a_folder_nobody_is_let_in() -> None:
    for one in SENDERS:
        assert TEMPLATE["Conditions"][f"HasSender{one}"] == {
            "Fn::Not": [{"Fn::Equals": [{"Ref": f"Sender{one}Prefix"}, ""]}]
        }
        assert TEMPLATE["Rules"][f"WholeSender{one}"]["Assertions"]


@pytest.mark.parametrize("one", SENDERS)
@pytest.mark.parametrize(
    ("prefix", "fits"), [("", True), ("sales/", True), ("a/b/", True), ("sales", False), ("/", False), ("*/", False)]
)
def test_a_folder_ends_with_a_slash_and_is_no_pattern(one: str, prefix: str, *, fits: bool) -> None:
    pattern = TEMPLATE["Parameters"][f"Sender{one}Prefix"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, prefix)) is fits


@pytest.mark.parametrize("one", SENDERS)
@pytest.mark.parametrize(
    ("principal", "fits"),
    [
        ("arn:aws:iam::210987654321:role/shop/sender", True),
        ("arn:aws:iam::210987654321:root", False),  # everybody there
        ("*", False),
        ("arn:aws:iam::*:role/sender", False),
        ("210987654321", False),
    ],
)
def test_a_sender_is_named_whole(one: str, principal: str, *, fits: bool) -> None:
    pattern = TEMPLATE["Parameters"][f"Sender{one}Principals"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, principal)) is fits


def test_what_others_put_belongs_to_this_account() -> None:
    controls = TEMPLATE["Resources"]["RawBucket"]["Properties"]["OwnershipControls"]
    assert controls == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
