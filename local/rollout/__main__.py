"""`python -m local.rollout ENV`: deploy to an environment of samconfig.toml."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import click
from botocore.exceptions import BotoCoreError, ClientError

from local.rollout.rollout import Patience, Rollout
from local.rollout.stacks import DeployError
from local.rollout.target import TargetError, read_target
from suimon.cli.errors import CommandError
from suimon.contract.file import ContractError
from suimon.dataset.folder import datasets_below, datasets_root
from suimon.dataset.release import read_release
from suimon.warehouse.data_api import WarehouseError

ROOT: Final = Path(__file__).resolve().parents[2]


@click.command()
@click.argument("environment")
@click.option("--wait-for-runs", default=120, show_default=True, help="Minutes that runs under way may take to end.")
@click.option("--bring-back", is_flag=True, help="Take in the buckets and the ledger of a stack that was deleted.")
def main(environment: str, wait_for_runs: int, *, bring_back: bool) -> None:
    """Deploy the release in this folder to ENVIRONMENT (dev, prod): both stacks, DAGs, tables, a probe.

    Nothing is lost when it is cut off: run it again. Exit status: 0 deployed, 1 not.
    """
    try:
        config = ROOT / "samconfig.toml"
        target = read_target(config, environment)
        os.environ.setdefault("AWS_DEFAULT_REGION", target.region)
        release = read_release(datasets_below(datasets_root(os.environ, ROOT / "datasets")))
        patience = Patience(runs=wait_for_runs * 60)
        Rollout(ROOT, config, target, release, click.echo, patience, bring_back=bring_back).run()
    except (TargetError, DeployError, ContractError, CommandError, WarehouseError, ClientError, BotoCoreError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{target.stack} is deployed; suimon status --stack {target.stack}")


if __name__ == "__main__":
    sys.exit(main())
