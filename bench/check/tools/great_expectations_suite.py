"""Great Expectations on a pandas frame: an expectation for each rule, complete results with their rows."""

from collections.abc import Iterator
from pathlib import Path

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
from great_expectations.expectations.expectation import Expectation

from bench.check.found import Found
from bench.check.patterns import exact
from bench.check.tools import frame
from suimon.contract.file import Column
from suimon.contract.model import Contract

DISTRIBUTION = "great-expectations"

_NUMBER = "{} as a number"


def check(path: Path, contract: Contract, partition: str) -> Found:
    """Check a file. Its uniqueness marks the first of the repeated values, too."""
    table = frame.read(path, contract)
    for column in contract.columns:
        if column.minimum is not None:  # texts cannot be compared with a bound
            table[_NUMBER.format(column.name)] = pd.to_numeric(table[column.name], errors="coerce")
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("files").add_dataframe_asset("file")
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": table})
    expectations = [one for column in contract.columns for one in _expectations(column, partition)]
    suite = gx.ExpectationSuite(name=contract.dataset, expectations=expectations)
    result = batch.validate(suite, result_format={"result_format": "COMPLETE", "include_unexpected_rows": False})
    cells, unplaced, complaint = [], 0, ""
    for one in result.results:
        name = one.expectation_config.kwargs["column"].removesuffix(_NUMBER.format(""))
        rows = one.result.get("unexpected_index_list")
        cells += [(row + 1, name) for row in rows or ()]
        if not one.success and not rows:
            unplaced += 1
            complaint = str(one.exception_info)[:200]
    return Found(accepted=bool(result.success), rows=len(table), cells=cells, unplaced=unplaced, complaint=complaint)


def _expectations(column: Column, partition: str) -> Iterator[Expectation]:
    name = column.name
    if column.required:
        yield gxe.ExpectColumnValuesToNotBeNull(column=name)
    if column.unique:
        yield gxe.ExpectColumnValuesToBeUnique(column=name)
    if pattern := exact(column):
        yield gxe.ExpectColumnValuesToMatchRegex(column=name, regex=pattern)
    if column.format:
        yield gxe.ExpectColumnValuesToMatchStrftimeFormat(column=name, strftime_format=column.format)
    if column.max_length is not None:
        yield gxe.ExpectColumnValueLengthsToBeBetween(column=name, max_value=column.max_length)
    if column.minimum is not None:
        yield gxe.ExpectColumnValuesToBeBetween(column=_NUMBER.format(name), min_value=float(column.minimum))
    if column.partition:
        yield gxe.ExpectColumnValuesToBeInSet(column=name, value_set=[partition])
