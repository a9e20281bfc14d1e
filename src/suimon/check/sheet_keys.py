"""The keys of what DuckDB reads, as the kernel hashes them: both ways meet in one set of hashes."""

from dataclasses import replace
from typing import TYPE_CHECKING

from suimon.check.duckdb_input import Sheet
from suimon.check.found import CheckError, Totals
from suimon.check.kernel import library
from suimon.check.kernel.plan import plan_of_keys, plan_of_sheets
from suimon.check.kernel.sift import Hashes, Sieve, Sifted, Wanted
from suimon.check.rules_as_sql import Key, Rules
from suimon.check.verdict import Code
from suimon.contract.model import Contract
from suimon.values import dataclass

if TYPE_CHECKING:
    from suimon.check.duckdb_reader import Duck


@dataclass(frozen=True, slots=True)
class SheetKeys:
    """The keys of the sheets of one file, which is read with a `sieve`."""

    contract: Contract
    rules: Rules
    sieve: Sieve
    by_kernel: Sieve  # reads the keys of a sheet, and nothing else

    @classmethod
    def of(cls, contract: Contract, rules: Rules, sieve: Sieve) -> "SheetKeys":
        """Make them of the plan by which the file is sifted."""
        return cls(contract, rules, sieve, Sieve(sieve.kernel, plan_of_sheets(sieve.plan)))

    def hashes(self, duck: "Duck", sheet: Sheet, totals: Totals) -> tuple[tuple[int, Hashes], ...]:
        """Return the hashes of the keys in a sheet of which `totals` are known, each with its key's place in the rules.

        The kernel reads them where it doubts none; else DuckDB does, for whom that is one more scan for each key.
        """
        if not self.rules.keys:
            return ()
        text = sheet.text()
        sifted = self.by_kernel.sift(text, len(text), last=True)
        if sifted.settled and not sifted.doubts and sifted.records == totals.rows:
            return tuple((number, one) for number, found in enumerate(sifted.hashes) for one in found)
        return tuple(
            (number, hashes)
            for number, key in enumerate(self.rules.keys)
            if not self._none_has(key, totals)
            for hashes in self._keys_of(duck, sheet, number, None).hashes[0]
        )

    def _none_has(self, key: Key, totals: Totals) -> bool:
        """Whether no record has a key, for all cells of a column of it are bad."""
        return any(
            rule.code is Code.TYPE_ERROR and rule.columns[0] in key.columns and failing == totals.rows
            for rule, failing in zip(self.rules.rules, totals.failing, strict=True)
        )

    def wanted_records(self, duck: "Duck", sheet: Sheet, wanted: Wanted) -> list[int]:
        """Return the records of a sheet whose keys are wanted, by their numbers in the sheet."""
        return [doubt.record for doubt in self._keys_of(duck, sheet, wanted.key, wanted).doubts]

    def _keys_of(self, duck: "Duck", sheet: Sheet, number: int, wanted: Wanted | None) -> Sifted:
        """Sift the keys of a sheet, which DuckDB writes for the kernel."""
        columns = tuple(self.contract.columns[place] for place in self.rules.keys[number].columns)
        sieve = Sieve(self.sieve.kernel, plan_of_keys(columns, by_code_points=self.sieve.plan.raw))
        path = sheet.path.with_suffix(".keys.csv")
        duck.write_keys(sheet, self.rules, number, path)
        text = path.read_bytes()
        path.unlink()
        sifted = sieve.sift(text, len(text), last=True, wanted=wanted and replace(wanted, key=0), every_doubt=True)
        if not sifted.settled or any(doubt.kind != library.CANDIDATE for doubt in sifted.doubts):
            raise CheckError("a key is read differently by the two readers; please report it")
        return replace(
            sifted, doubts=[doubt._replace(record=int(_first_cell(text, doubt.start))) for doubt in sifted.doubts]
        )


def _first_cell(text: bytes, start: int) -> bytes:
    return text[start : text.index(b",", start)]
