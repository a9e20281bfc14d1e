"""The checker knows contracts, and contracts do not know the checker."""

import subprocess
import sys


def test_reading_contracts_imports_nothing_of_the_checker() -> None:
    code = (
        "import sys, suimon.contract.odcs.parse; "
        "assert not [name for name in sys.modules if name.startswith('suimon.check')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
