"""Whether somebody of another account may, by the policies of both: asked of the emulator's evaluator by itself.

Its S3 knows a caller of another account only as the root of that account, so a role cannot be tried by a request.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT: Final = Path(__file__).parents[2]
# Runs under the emulator's own Python: questions on the standard input, "Allow" or a refusal for each on the output.
ASKED: Final = """
import json, sys
from ministack.core.iam_evaluator import EvalContext, EvalResult, combine_resource_policy
for one in json.load(sys.stdin):
    account = one["principal"].split(":")[4]
    context = EvalContext(one["principal"], "AssumedRole", account, one["action"], one["resource"], "ap-northeast-1",
        secure_transport=one["tls"], service_context=one["keys"], principal_keys={})
    own = EvalResult("Allow" if one["granted_at_home"] else "ImplicitDeny")
    print(combine_resource_policy(own, context, one["policy"], one["owner"]).decision)
"""


def decisions(questions: Sequence[dict[str, Any]]) -> list[str]:
    """Return Allow, Deny or ImplicitDeny for each question."""
    python = ROOT / ".suimon" / "envs" / "ministack" / "bin" / "python"
    done = subprocess.run(
        [python, "-c", ASKED], input=json.dumps(questions), capture_output=True, text=True, check=True
    )
    return done.stdout.split()
